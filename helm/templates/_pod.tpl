{{/*
The Deployment of a process: (dict "root" $ "component" "api" "port" 5000). Api and worker differ in subcommand,
port, account and termination grace period.
*/}}
{{- define "skipper.deployment" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $component := .component -}}
{{- $own := index $values $component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: "{{ $values.name }}-{{ $component }}"
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "skipper.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $component }}
spec:
  {{- if not (and (eq $component "worker") $values.worker.autoscaling.enabled) }}
  replicas: {{ $own.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "skipper.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      annotations:
        {{- include "skipper.podAnnotations" . | nindent 8 }}
      labels:
        {{- include "skipper.podLabels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "skipper.serviceAccountName" . | quote }}
      automountServiceAccountToken: true
      # Variables such as FIAAS_SKIPPER_PORT, or WORKER_PORT=tcp://…, would be read as settings.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ include "skipper.terminationGracePeriodSeconds" . }}
      securityContext:
        {{- include "skipper.podSecurityContext" (dict "user" 1000) | nindent 8 }}
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ $component }}
          image: {{ include "skipper.image" (dict "image" $values.image "appVersion" $root.Chart.AppVersion) }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          args: [{{ $component }}]
          env:
            {{- include "skipper.redisEnv" $root | trim | nindent 12 }}
            {{- if and (eq $component "api") $values.auth.existingSecret }}
            - name: AUTH_TOKEN_FILE
              value: /var/run/secrets/skipper/token
            {{- end }}
            {{- if and (eq $component "api") $values.hook.existingSecret }}
            - name: HOOK_SECRET_FILE
              value: /var/run/secrets/hook/secret
            {{- end }}
            {{- if $values.rolloutPolicy }}
            - name: ROLLOUT_POLICY
              value: /var/run/config/rollout-policy/policy.yaml
            {{- end }}
            {{- if $values.notifications }}
            - name: NOTIFICATIONS
              value: /var/run/config/notifications/notifications.yaml
            {{- end }}
            {{- if or $values.caBundle.configMap $values.caBundle.secret }}
            - name: NODE_EXTRA_CA_CERTS
              value: /var/run/config/ca/ca.crt
            {{- end }}
            {{- with $own.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - name: http
              containerPort: {{ .port }}
              protocol: TCP
          # The process may start slowly; it is replaced only if it hangs afterwards.
          startupProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 60
          # Checks only the process itself: a restart repairs neither Redis nor the API server.
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          # Ready when Redis is connected and the cluster has been read; the body of the answer says what is missing.
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 3
          {{- if and (eq $component "api") (semverCompare ">=1.30.0-0" $root.Capabilities.KubeVersion.Version) }}
          # Requests still arrive for a moment after the pod is removed from the Service.
          lifecycle:
            preStop:
              sleep:
                seconds: 5
          {{- end }}
          {{- if $values.deployment.includeResourceUsage }}
          resources:
            {{- toYaml ($own.resources | default $values.deployment.resources) | nindent 12 }}
          {{- end }}
          securityContext:
            {{- include "skipper.containerSecurityContext" . | nindent 12 }}
          volumeMounts:
            - name: config
              mountPath: /var/run/config/fiaas
              readOnly: true
            - name: tmp
              mountPath: /tmp
            {{- if $values.rolloutPolicy }}
            - name: rollout-policy
              mountPath: /var/run/config/rollout-policy
              readOnly: true
            {{- end }}
            {{- if $values.notifications }}
            - name: notifications
              mountPath: /var/run/config/notifications
              readOnly: true
            {{- end }}
            {{- if and (eq $component "worker") $values.notificationsSecret }}
            - name: notifications-secret
              mountPath: /var/run/secrets/notifications
              readOnly: true
            {{- end }}
            {{- if and (eq $component "api") $values.hook.existingSecret }}
            - name: hook
              mountPath: /var/run/secrets/hook
              readOnly: true
            {{- end }}
            {{- if and (eq $component "api") $values.auth.existingSecret }}
            - name: auth
              mountPath: /var/run/secrets/skipper
              readOnly: true
            {{- end }}
            {{- if or $values.caBundle.configMap $values.caBundle.secret }}
            - name: ca
              mountPath: /var/run/config/ca
              readOnly: true
            {{- end }}
            {{- if and (not $values.redis.enabled) $values.redis.external.clientCertSecret }}
            - name: redis-client-cert
              mountPath: /var/run/secrets/redis
              readOnly: true
            {{- end }}
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: config
          configMap:
            name: {{ $values.name | quote }}
        - name: tmp
          emptyDir:
            sizeLimit: 16Mi
        {{- if and (eq $component "api") $values.auth.existingSecret }}
        - name: auth
          secret:
            secretName: {{ $values.auth.existingSecret | quote }}
            items:
              - key: {{ $values.auth.key | quote }}
                path: token
        {{- end }}
        {{- if and (eq $component "api") $values.hook.existingSecret }}
        - name: hook
          secret:
            secretName: {{ $values.hook.existingSecret | quote }}
            items:
              - key: {{ $values.hook.key | quote }}
                path: secret
        {{- end }}
        {{- if $values.rolloutPolicy }}
        - name: rollout-policy
          configMap:
            name: "{{ $values.name }}-rollout-policy"
        {{- end }}
        {{- if $values.notifications }}
        - name: notifications
          configMap:
            name: "{{ $values.name }}-notifications"
        {{- end }}
        {{- if and (eq $component "worker") $values.notificationsSecret }}
        - name: notifications-secret
          secret:
            secretName: {{ $values.notificationsSecret | quote }}
        {{- end }}
        {{- with $values.caBundle.configMap }}
        - name: ca
          configMap:
            name: {{ . | quote }}
            items:
              - key: {{ $values.caBundle.key | quote }}
                path: ca.crt
        {{- end }}
        {{- with $values.caBundle.secret }}
        - name: ca
          secret:
            secretName: {{ . | quote }}
            items:
              - key: {{ $values.caBundle.key | quote }}
                path: ca.crt
        {{- end }}
        {{- if and (not $values.redis.enabled) $values.redis.external.clientCertSecret }}
        - name: redis-client-cert
          secret:
            secretName: {{ $values.redis.external.clientCertSecret | quote }}
        {{- end }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if $values.topologySpread.enabled }}
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "skipper.selector" (dict "root" $root "component" $component) | nindent 14 }}
        {{- end }}
      {{- end }}
      {{- with include "skipper.scheduling" $own | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end -}}

{{/* Annotations from the values override the chart's. */}}
{{- define "skipper.podAnnotations" -}}
{{- $annotations := dict "kubectl.kubernetes.io/default-container" .component -}}
{{- $_ := set $annotations "checksum/config" (include "skipper.configData" .root | sha256sum) -}}
{{- with .root.Values.monitoring -}}
{{- if and .scrapeAnnotations (not .serviceMonitor.enabled) -}}
{{- $_ := set $annotations "prometheus.io/scrape" "true" -}}
{{- $_ := set $annotations "prometheus.io/path" "/_/metrics" -}}
{{- $_ := set $annotations "prometheus.io/port" $.port -}}
{{- end -}}
{{- end -}}
{{- include "skipper.strings" (mergeOverwrite $annotations .root.Values.annotations) -}}
{{- end -}}

{{/* Where a pod can be scheduled. */}}
{{- define "skipper.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

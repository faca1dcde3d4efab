{{/* Labels of every object. The first four are upstream's; labels.global adds labels and replaces none. */}}
{{- define "skipper.labels" -}}
{{- $labels := dict "app" .Values.name "chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- $_ := set $labels "release" .Release.Name -}}
{{- $_ := set $labels "heritage" .Release.Service -}}
{{- $_ := set $labels "app.kubernetes.io/name" .Values.name -}}
{{- $_ := set $labels "app.kubernetes.io/instance" .Release.Name -}}
{{- $_ := set $labels "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service -}}
{{- include "skipper.strings" (merge $labels .Values.labels.global) -}}
{{- end -}}

{{/* Labels of a component's pods. None changes with the chart's version, because that would restart the pods. */}}
{{- define "skipper.podLabels" -}}
{{- $labels := include "skipper.selector" . | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/name" .root.Values.name -}}
{{- $_ := set $labels "app.kubernetes.io/instance" .root.Release.Name -}}
{{- include "skipper.strings" (merge $labels .root.Values.labels.global) -}}
{{- end -}}

{{/* A mapping whose values must be strings, however they were written. */}}
{{- define "skipper.strings" -}}
{{- $strings := dict -}}
{{- range $key, $value := . }}{{ $_ := set $strings $key (include "skipper.string" $value) }}{{ end -}}
{{- toYaml $strings -}}
{{- end -}}

{{/* A number as it was written: Helm reads YAML numbers as floats and would print a long one as 2e+13. */}}
{{- define "skipper.string" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* Selector of a component's pods: (dict "root" $ "component" "api"). It must never change: selectors are immutable. */}}
{{- define "skipper.selector" -}}
app: {{ .root.Values.name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "skipper.image" -}}
{{- $tag := include "skipper.string" (.image.tag | default .appVersion) -}}
{{- if .image.digest -}}
{{ printf "%s@%s" .image.repository .image.digest | quote }}
{{- else -}}
{{ printf "%s:%s" .image.repository $tag | quote }}
{{- end -}}
{{- end -}}

{{/* Service account of a component: the chart's own, if the chart creates accounts. */}}
{{- define "skipper.serviceAccountName" -}}
{{- $own := ternary (printf "%s-%s" .root.Values.name .component) "default" .root.Values.rbac.enabled -}}
{{- (index .root.Values .component).serviceAccountName | default $own -}}
{{- end -}}

{{/* Seconds that a pod gets to stop. A worker needs longer than its drain and what follows it. */}}
{{- define "skipper.terminationGracePeriodSeconds" -}}
{{- if eq .component "worker" -}}
{{- add (index .root.Values.config "grace-period" | default 30 | int) 15 -}}
{{- else -}}
30
{{- end -}}
{{- end -}}

{{/* Required by the restricted Pod Security Standard; .user is the uid in the image. */}}
{{- define "skipper.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .user }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "skipper.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Settings of the config file, by flag name. */}}
{{- define "skipper.settings" -}}
{{- $settings := deepCopy .Values.config -}}
{{- /* In YAML 1.1, on and off without quotes are booleans. */ -}}
{{- if kindIs "bool" $settings.heal }}{{ $_ := set $settings "heal" (ternary "on" "off" $settings.heal) }}{{ end -}}
{{- with .Values.baseurl }}{{ $_ := set $settings "baseurl" . }}{{ end -}}
{{- with .Values.statusUpdateInterval }}{{ $_ := set $settings "status-update-interval" . }}{{ end -}}
{{- if .Values.debug }}{{ $_ := set $settings "debug" true }}{{ end -}}
{{- if .Values.manageRBAC }}{{ $_ := set $settings "manage-rbac" true }}{{ end -}}
{{- if not .Values.autoUpdate }}{{ $_ := set $settings "disable-autoupdate" true }}{{ end -}}
{{- if .Values.disableCrdCreation }}{{ $_ := set $settings "disable-crd-creation" true }}{{ end -}}
{{- if .Values.useApiextensionsV1CRD }}{{ $_ := set $settings "use-apiextensionsv1-crd" true }}{{ end -}}
{{- $_ := set $settings "state-config-map" (printf "%s/%s-state" .Release.Namespace .Values.name) -}}
{{- with .Values.releaseChannelMetadata }}
{{- $_ := set $settings "release-channel-metadata" (toJson .) -}}
{{- $_ := set $settings "release-channel-metadata-spec" "/var/run/config/fiaas/release_channel_metadata_spec_fiaas.yaml" -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* The path of pages, board and API: /skipper; empty at the root. Probes and metrics are at the root in any case. */}}
{{- define "skipper.basePath" -}}
{{- with index .Values.config "base-path" | default "" | trimAll "/" }}/{{ . }}{{ end -}}
{{- end -}}

{{/* REDIS_URL, preceded by the password that it contains. */}}
{{- define "skipper.redisEnv" -}}
{{- $redis := .Values.redis -}}
{{- if not $redis.enabled }}
- name: REDIS_URL
{{- if $redis.external.existingSecret }}
  valueFrom:
    secretKeyRef:
      name: {{ $redis.external.existingSecret | quote }}
      key: {{ $redis.external.key | quote }}
{{- else }}
  value: {{ $redis.external.url | quote }}
{{- end }}
{{- with $redis.external.sentinels }}
- name: REDIS_SENTINELS
  value: {{ join "," . | quote }}
- name: REDIS_SENTINEL_MASTER
  value: {{ $redis.external.sentinelMaster | quote }}
{{- with $redis.external.sentinelPasswordKey }}
- name: REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $redis.external.existingSecret | quote }}
      key: {{ . | quote }}
{{- end }}
{{- end }}
{{- if $redis.external.cluster }}
- name: REDIS_CLUSTER
  value: "true"
{{- end }}
{{- if $redis.external.clientCertSecret }}
- name: REDIS_CERT_FILE
  value: /var/run/secrets/redis/tls.crt
- name: REDIS_KEY_FILE
  value: /var/run/secrets/redis/tls.key
{{- end }}
{{- else if $redis.auth.enabled }}
{{ include "skipper.redisPasswordEnv" . }}
- name: REDIS_URL
  value: "redis://:$(REDIS_PASSWORD)@{{ .Values.name }}-redis:6379"
{{- else }}
- name: REDIS_URL
  value: "redis://{{ .Values.name }}-redis:6379"
{{- end }}
{{- end -}}

{{- define "skipper.redisPasswordEnv" -}}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.auth.existingSecret | default (printf "%s-redis" .Values.name) | quote }}
      key: {{ .Values.redis.auth.key | quote }}
{{- end -}}

{{/* Not empty if every service account of the cluster gets FDD's permissions. */}}
{{- define "skipper.grantsEverybody" -}}
{{- $wanted := .Values.rbac.enableFIAASController -}}
{{- if eq (toString $wanted) "true" -}}
yes
{{- else if eq (toString $wanted) "keep" -}}
{{- $binding := lookup "rbac.authorization.k8s.io/v1" "ClusterRoleBinding" "" "fiaas-controller" | default dict -}}
{{- $annotations := dig "metadata" "annotations" dict $binding -}}
{{- if and (eq (get $annotations "meta.helm.sh/release-name") .Release.Name) (eq (get $annotations "meta.helm.sh/release-namespace") .Release.Namespace) -}}
yes
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Port of an http(s) URL; empty for anything else, such as a directory. */}}
{{- define "skipper.urlPort" -}}
{{- if regexMatch "^https?://" (. | default "") -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- end -}}
{{- end -}}

{{/* TCP ports of release servers: 443 for the specs, and the port of baseurl. */}}
{{- define "skipper.releasePorts" -}}
{{- $port := include "skipper.urlPort" .Values.baseurl -}}
{{- toJson (list 443 ($port | default 443 | int) | uniq) -}}
{{- end -}}

{{/* TCP ports of the proxies and the telemetry collector in the settings. */}}
{{- define "skipper.settingPorts" -}}
{{- $ports := list -}}
{{- range $setting := list "http-proxy" "https-proxy" "otel-exporter-otlp-endpoint" -}}
{{- with include "skipper.urlPort" (index $.Values.config $setting) }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end -}}

{{/* TCP ports of the receivers of notifications: of their URLs, and the given ones for URLs in Secrets. */}}
{{- define "skipper.receiverPorts" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.receiverPorts }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- range .Values.notifications.receivers -}}
{{- with include "skipper.urlPort" .url }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end -}}

{{- define "skipper.redisPort" -}}
{{- $port := "" -}}
{{- with .Values.redis.external.url }}{{ $port = regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" }}{{ end -}}
{{- if .Values.redis.enabled -}}6379{{- else -}}{{ $port | default .Values.networkPolicy.redisPort }}{{- end -}}
{{- end -}}

{{/* Ports of Redis and, if it is external, of its Sentinels. */}}
{{- define "skipper.redisPorts" -}}
{{- $ports := list (include "skipper.redisPort" . | int) -}}
{{- if not .Values.redis.enabled -}}
{{- range .Values.redis.external.sentinels }}{{ $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "26379" | int) }}{{ end -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end -}}

{{/* Checks that the schema cannot express. */}}
{{- define "skipper.validate" -}}
{{- if not (and .Values.redis .Values.networkPolicy .Values.api .Values.worker .Values.monitoring) -}}
{{- fail "this chart's defaults are missing from the values: upgrade with --reset-then-reuse-values instead of --reuse-values" -}}
{{- end -}}
{{- if and .Values.releaseChannelMetadata (not .Values.releaseChannelMetadataSpecContentAsYAML) -}}
{{- fail "releaseChannelMetadata needs releaseChannelMetadataSpecContentAsYAML: the fiaas.yml to deploy" -}}
{{- end -}}
{{- if not .Values.redis.enabled -}}
{{- if not (or .Values.redis.external.url .Values.redis.external.existingSecret) -}}
{{- fail "redis.enabled=false needs redis.external.url or redis.external.existingSecret" -}}
{{- end -}}
{{- if and .Values.redis.external.url .Values.redis.external.existingSecret -}}
{{- fail "set redis.external.url or redis.external.existingSecret, not both" -}}
{{- end -}}
{{- with .Values.redis.external -}}
{{- if ne (empty .sentinels) (empty .sentinelMaster) -}}
{{- fail "redis.external.sentinels and redis.external.sentinelMaster go together: set both" -}}
{{- end -}}
{{- if and .sentinels .cluster -}}
{{- fail "a Redis Cluster has no Sentinels: set redis.external.sentinels or redis.external.cluster" -}}
{{- end -}}
{{- if and .sentinelPasswordKey (not .existingSecret) -}}
{{- fail "redis.external.sentinelPasswordKey is a key of redis.external.existingSecret: set both" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- fail "set caBundle.configMap or caBundle.secret, not both" -}}
{{- end -}}
{{- with .Values.worker.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail "worker.autoscaling.minReplicas is more than maxReplicas" -}}
{{- end -}}
{{- if and .enabled (eq .type "keda") (not .prometheusServer) (not $.Values.redis.enabled) -}}
{{- fail "worker.autoscaling.type=keda with an external Redis needs worker.autoscaling.prometheusServer" -}}
{{- end -}}
{{- end -}}
{{- end -}}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A chart that creates what upstream's does, as far as today's Kubernetes supports it: same names, labels, selector and
 * settings. A release looked like this before the upgrade.
 */
export function writeUpstreamChart(folder: string, defaults: unknown): string {
  mkdirSync(join(folder, 'templates'), { recursive: true });
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v1\nname: fiaas-skipper\nversion: 0.0.1\n');
  writeFileSync(join(folder, 'values.yaml'), JSON.stringify(defaults));
  writeFileSync(join(folder, 'templates', 'all.yaml'), TEMPLATE);
  return folder;
}

const TEMPLATE = `
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Values.name }}", labels: {app: "{{ .Values.name }}"}}
data: {cluster_config.yaml: "log-format: plain", fiaas_override.yaml: ""}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Values.name }}", labels: {app: "{{ .Values.name }}"}}
spec:
  replicas: 1
  selector: {matchLabels: {app: "{{ .Values.name }}"}}
  template:
    metadata: {labels: {app: "{{ .Values.name }}"}}
    spec:
      {{- if .Values.rbac.enabled }}
      serviceAccountName: "{{ .Values.name }}"
      {{- end }}
      containers:
        - {name: "{{ .Values.name }}", image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Values.name }}", labels: {app: "{{ .Values.name }}"}}
spec:
  type: "{{ .Values.service.type }}"
  ports: [{name: http, port: 5000, protocol: TCP, targetPort: 5000}]
  selector: {app: "{{ .Values.name }}"}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: "{{ .Values.name }}", labels: {app: "{{ .Values.name }}"}}
spec:
  rules:
    - host: "{{ .Values.ingress.fqdn }}"
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: "{{ .Values.name }}", port: {number: 5000}}}}
{{- if .Values.rbac.enabled }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: "{{ .Values.name }}"}
{{- range $name := list .Values.name "fiaas-controller" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ $name }}"}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "{{ $name }}"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{{ $name }}"}
subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts"}]
{{- end }}
{{- end }}
`;

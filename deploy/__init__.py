"""What runs beside the service: dashboards, alerts, compose, Kubernetes."""

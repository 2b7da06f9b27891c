"""Metrics served by a thread of their own, as the documentation begins."""
import prometheus_client

requests = prometheus_client.Counter("requests", "Requests")
prometheus_client.start_http_server(0, "127.0.0.1")

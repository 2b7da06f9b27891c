"""A channel made at import."""
import grpc

channel = grpc.insecure_channel("127.0.0.1:1")

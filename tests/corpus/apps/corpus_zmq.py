"""A context with a socket: ZeroMQ starts its own threads."""
import zmq

context = zmq.Context()
socket = context.socket(zmq.PUB)

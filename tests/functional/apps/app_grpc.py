"""A gRPC server and its client in one worker, with a thread pool and without generated code.
Eager: a channel is made at import, which starts gRPC's poller threads."""
import concurrent.futures

import grpc

import app_result

if app_result.EAGER:
    CHANNEL = grpc.insecure_channel("127.0.0.1:1")


class Shout(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/shout.Shout/Say":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request.upper())
        if details.method == "/shout.Shout/Count":
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: (b"%d" % number for number in range(int(request))))
        return None


def work():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([Shout()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel("127.0.0.1:%d" % port) as channel:
        say = channel.unary_unary("/shout.Shout/Say")
        answers = [say(b"call %d" % number, timeout=60).decode() for number in range(20)]
        count = channel.unary_stream("/shout.Shout/Count")
        streamed = [int(part) for part in count(b"10", timeout=60)]
    server.stop(None).wait(60)
    return {"answers": answers, "streamed": streamed}


def run():
    app_result.run(work)

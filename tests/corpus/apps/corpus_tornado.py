"""The current IOLoop, made at import."""
import tornado.ioloop

loop = tornado.ioloop.IOLoop()

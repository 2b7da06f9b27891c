"""A loop of uvloop's made at import."""
import uvloop

loop = uvloop.new_event_loop()

"""Initialised with a DSN, nothing sent."""
import sentry_sdk

sentry_sdk.init("http://key@127.0.0.1:1/1")

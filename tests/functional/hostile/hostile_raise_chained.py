try:
    {}["key"]
except KeyError as error:
    raise RuntimeError("configuration is incomplete") from error

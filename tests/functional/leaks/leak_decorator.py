def register(function):
    register.file = open(__file__)  # LEAK type=file func=register
    return function


@register
def view():
    pass

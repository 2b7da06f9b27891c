class Settings:
    source = open(__file__)  # LEAK type=file func=Settings

handle_of = {}
exec(compile("handle = open(path)", "<settings>", "exec"), {"path": __file__}, handle_of)  # LEAK type=file

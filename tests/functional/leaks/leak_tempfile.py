import tempfile

scratch = tempfile.TemporaryFile()  # LEAK type=file

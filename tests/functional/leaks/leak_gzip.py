import gzip

archive = gzip.open("data.gz", "wb")  # LEAK type=file target=data.gz

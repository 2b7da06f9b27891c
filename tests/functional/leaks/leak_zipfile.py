import zipfile

archive = zipfile.ZipFile("data.zip", "w")  # LEAK type=file target=data.zip

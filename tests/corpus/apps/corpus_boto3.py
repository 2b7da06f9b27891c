import boto3

session = boto3.session.Session(aws_access_key_id="a", aws_secret_access_key="b",
                                region_name="eu-west-1")
client = session.client("s3")

"""A client of S3 made at import; the service is a local one.  Eager: it has been called."""
import os

import boto3
from botocore.config import Config

import app_result

CLIENT = boto3.session.Session().client(
    "s3", endpoint_url="http://127.0.0.1:" + os.environ["APP_PORT"], region_name="us-east-1",
    aws_access_key_id="key", aws_secret_access_key="secret",
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, proxies={}))
if app_result.EAGER:
    CLIENT.get_object(Bucket="shop", Key="first")["Body"].read()


def work():
    key = "worker-%d" % os.getpid()
    body = CLIENT.get_object(Bucket="shop", Key=key)["Body"].read().decode()
    try:
        CLIENT.get_object(Bucket="shop", Key="missing")
        missing = None
    except CLIENT.exceptions.ClientError as error:
        missing = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return {"own": body == "/shop/" + key, "missing": missing}


def run():
    app_result.run(work)

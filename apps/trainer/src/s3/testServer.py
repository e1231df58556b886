# An S3 server for tests, with one user whose signatures it checks, and an empty bucket. It prints how to
# reach it, and ends when its input ends.
import json
import os
import sys

# As many requests as below need no signature.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"
import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()


def client(name):
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    return boto3.client(name, endpoint_url=endpoint, region_name="us-east-1", **keys)


iam = client("iam")
iam.create_user(UserName="agent")
key = iam.create_access_key(UserName="agent")["AccessKey"]
allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
iam.put_user_policy(UserName="agent", PolicyName="s3", PolicyDocument=policy)
client("s3").create_bucket(Bucket="models")
facts = {
    "endpoint": endpoint,
    "accessKeyId": key["AccessKeyId"],
    "secretAccessKey": key["SecretAccessKey"],
}
print(json.dumps(facts), flush=True)
sys.stdin.read()

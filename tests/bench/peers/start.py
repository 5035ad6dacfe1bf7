"""The peer of poll-orders: what a Python function of the same job imports, makes and calls at its start.

It speaks Lambda's runtime API as AWS's own runtime does: next, response, and nothing else. For a connection that is
gone it makes the calls that poll-orders makes: five reads of the table, three deletions of schedules.
"""

import http.client
import json
import os

import boto3
from sp_api.api import Orders  # noqa: F401  (what a sweep would call; its import is part of a start)

TABLE = os.environ["CONNECTIONS_TABLE"]
dynamodb = boto3.client("dynamodb")
scheduler = boto3.client("scheduler")
sqs = boto3.client("sqs")
kms = boto3.client("kms")
secrets = boto3.client("secretsmanager")


def handle(event):
    for record in event["Records"]:
        tick = json.loads(record["body"])
        key = {"pk": {"S": tick["tenant"]}, "sk": {"S": tick["connection"]}}
        found = [dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item") for _ in range(5)]
        if not any(found):
            for clock in ("orders", "stock", "listings"):
                scheduler.delete_schedule(GroupName=os.environ["SCHEDULE_GROUP"], Name=f"{clock}-{tick['connection']}")
    return {"batchItemFailures": []}


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = runtime.getresponse()
        event = json.loads(answer.read())
        result = json.dumps(handle(event))
        path = f"/2018-06-01/runtime/invocation/{answer.headers['Lambda-Runtime-Aws-Request-Id']}/response"
        runtime.request("POST", path, result)
        runtime.getresponse().read()


main()

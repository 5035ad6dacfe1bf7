"""Deploys a SAM template: uploads its artefacts as `sam package` does, makes the stack, waits.

`deploy.py --outputs STACK` prints the outputs of a stack that is there, as JSON. Else
it reads one JSON request from the file it is given and prints the stack's outputs as JSON:
{"template": path, "stack": name, "bucket": name, "parameters": {…}, "secrets": {output: {…}}}.
Problems go to standard error in sentences, with the resource and its reason; exit code 1.

It owns the calls after a deployment that only the emulator needs, each read from the template
itself. It never writes a template.
"""

import hashlib
import io
import json
import pathlib
import re
import sys
import zipfile

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from samtranslator.yaml_helper import yaml_parse

ARTEFACT = re.compile(r"^(\s*CodeUri:\s*)(\S+)\s*$", re.MULTILINE)


def main():
    if sys.argv[1] == "--outputs":
        stack = boto3.client("cloudformation").describe_stacks(StackName=sys.argv[2])["Stacks"][0]
        json.dump(outputs_of(stack), sys.stdout)
    else:
        deploy(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))


def deploy(request):
    path = pathlib.Path(request["template"])
    text = path.read_text(encoding="utf-8")
    try:
        packaged = upload_artefacts(text, path.parent, request["bucket"])
        location = upload_template(packaged, path.name, request["bucket"])
        stack = create_stack(request, location, yaml_parse(text))
        finish(yaml_parse(text), request["stack"])
        outputs = outputs_of(stack)
        put_secrets(request.get("secrets", {}), outputs)
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"The deployment failed: {error}")
    json.dump(outputs, sys.stdout)


def upload_artefacts(text, base, bucket):
    """Replaces each local CodeUri by where its zip was put; nothing else in the template."""
    s3 = boto3.client("s3")
    region = s3.meta.region_name
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **place)

    def upload(match):
        folder = (base / match[2]).resolve()
        if not (folder / "bootstrap").is_file():
            sys.exit(f"The template names {match[2]}, and nothing was built there.")
        archive = zip_folder(folder)
        key = f"{folder.name}-{hashlib.sha256(archive).hexdigest()[:16]}.zip"
        s3.put_object(Bucket=bucket, Key=key, Body=archive)
        return f"{match[1]}s3://{bucket}/{key}"

    return ARTEFACT.sub(upload, text)


def upload_template(packaged, name, bucket):
    """Where CloudFormation reads it, as `sam deploy` does: a request itself may hold 51,200 bytes."""
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key=name, Body=packaged.encode())
    return f"{s3.meta.endpoint_url}/{bucket}/{name}"


def zip_folder(folder):
    """The same folder gives the same bytes: sorted, without times. Stored, since it stays here."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)))
            entry.external_attr = 0o100755 << 16
            packed.writestr(entry, file.read_bytes())
    return archive.getvalue()


def create_stack(request, location, template):
    cloudformation = boto3.client("cloudformation")
    declared = template.get("Parameters", {})
    for name in request["parameters"].keys() - declared.keys():
        print(f"The template has no parameter {name}; it was left out.", file=sys.stderr)
    name = request["stack"]
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=location,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in request["parameters"].items()
            if key in declared
        ],
    )
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 1200})
    except WaiterError:
        sys.exit(why_it_failed(cloudformation, name))
    return cloudformation.describe_stacks(StackName=name)["Stacks"][0]


def outputs_of(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def why_it_failed(cloudformation, name):
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
    ]
    return "\n".join(["The stack could not be created.", *(failed or ["  No resource gave a reason."])])


def finish(template, stack):
    """What the emulator's CloudFormation leaves out; on AWS it has been done already."""
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    for logical, resource in template["Resources"].items():
        properties = resource.get("Properties") or {}
        if resource["Type"] == "AWS::DynamoDB::Table":
            finish_table(physical[logical], properties)
        if resource["Type"] == "AWS::Serverless::Function":
            finish_function(physical[logical], properties)


def finish_table(name, properties):
    dynamodb = boto3.client("dynamodb")
    expiry = properties.get("TimeToLiveSpecification")
    if expiry and expiry.get("Enabled"):
        held = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if held["TimeToLiveStatus"] == "DISABLED":
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    if (properties.get("PointInTimeRecoverySpecification") or {}).get("PointInTimeRecoveryEnabled") is True:
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )


def finish_function(name, properties):
    reserved = properties.get("ReservedConcurrentExecutions")
    if isinstance(reserved, int):
        boto3.client("lambda").put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=reserved
        )


def put_secrets(secrets, outputs):
    for output, value in secrets.items():
        if output not in outputs:
            print(f"The stack has no output {output}; its secret was left out.", file=sys.stderr)
            continue
        boto3.client("secretsmanager").put_secret_value(
            SecretId=outputs[output], SecretString=json.dumps(value)
        )


if __name__ == "__main__":
    main()

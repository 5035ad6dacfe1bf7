"""Starts ministack, the local cloud, and closes the gaps that would need a second template.

It owns what differs between the emulator and AWS for reasons of the emulator alone. It never
knows anything of Stallkeeper: it holds no name of a table, a queue or a function.

- An HTTP API's `Body`, which SAM's `HttpApi` events expand to, becomes routes, integrations and
  authorizers; its CORS settings come through.
- The API answers at an address of its own, http://127.0.0.1:API_PORT/, as it does on AWS.
- A caller learns nothing of why a function failed, as on AWS.
- SQS's batch calls need the rights of their single forms, as AWS has it: there is no
  `sqs:SendMessageBatch` to grant.
- What a function prints is also kept in a file, FUNCTION_LOGS/<function>.log.
- A warm invocation costs milliseconds: Nagle off, no long wait for a first log line.
- IAM sees a schedule in the group it is in, not always in `default`.
- CloudFormation makes EventBridge's connections and API destinations, which the emulator has.

It touches private functions, so requirements.txt pins the version it was written for.
"""

import asyncio
import json
import os
import re
import signal
import socketserver

# Before ministack is imported: it subclasses these servers.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack import app as ministack  # noqa: E402
from ministack.core import iam_actions, lambda_runtime  # noqa: E402
from ministack.services import apigateway, eventbridge, lambda_svc  # noqa: E402
from ministack.services.cloudformation import provisioners  # noqa: E402

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
ANY = "x-amazon-apigateway-any-method"
# What a caller of an HTTP API learns of a function that failed.
FAILED = {
    "body": {
        "statusCode": 500,
        "headers": {"Content-Type": "application/json"},
        "body": '{"message":"Internal Server Error"}',
    }
}
created_apis = []


def expand_body(api_id, body):
    """Creates what API Gateway would read from the OpenAPI document of an HTTP API."""
    authorizers = {
        name: create_authorizer(api_id, name, scheme["x-amazon-apigateway-authorizer"])
        for name, scheme in body.get("components", {}).get("securitySchemes", {}).items()
        if "x-amazon-apigateway-authorizer" in scheme
    }
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            if method in METHODS or method == ANY:
                create_route(api_id, path, method, operation, authorizers)


def create_authorizer(api_id, name, definition):
    jwt = definition.get("jwtConfiguration", {})
    source = definition.get("identitySource", "$request.header.Authorization")
    created, _ = provisioners._apigw_v2_authorizer_create(name, {
        "ApiId": api_id,
        "Name": name,
        "AuthorizerType": definition.get("type", "jwt").upper(),
        "IdentitySource": source if isinstance(source, list) else [source],
        "JwtConfiguration": {"Audience": jwt.get("audience", []), "Issuer": jwt.get("issuer", "")},
    }, "")
    return created


def create_route(api_id, path, method, operation, authorizers):
    target = operation["x-amazon-apigateway-integration"]
    integration, _ = provisioners._apigw_v2_integration_create("", {
        "ApiId": api_id,
        "IntegrationType": target.get("type", "aws_proxy").upper(),
        "IntegrationUri": target["uri"],
        "PayloadFormatVersion": target.get("payloadFormatVersion", "2.0"),
    }, "")
    route = {
        "ApiId": api_id,
        "RouteKey": route_key(path, method),
        "Target": f"integrations/{integration}",
    }
    for requirement in operation.get("security") or []:
        for name, scopes in requirement.items():
            if name in authorizers:
                route |= {
                    "AuthorizationType": "JWT",
                    "AuthorizerId": authorizers[name],
                    "AuthorizationScopes": scopes,
                }
    provisioners._apigw_v2_route_create("", route, "")


def route_key(path, method):
    if path.endswith("$default"):
        return "$default"
    return f"{'ANY' if method == ANY else method.upper()} {path}"


def cors_of(props):
    """CloudFormation writes `AllowOrigins`, the data plane reads `allowOrigins`."""
    given = props.get("CorsConfiguration") or (props.get("Body") or {}).get("x-amazon-apigateway-cors")
    return {name[0].lower() + name[1:]: value for name, value in given.items()} if given else None


def fill_api(api_id, props):
    if cors := cors_of(props):
        apigateway._apis[api_id]["corsConfiguration"] = cors
    if body := props.get("Body"):
        expand_body(api_id, body)


def create_api(logical_id, props, stack_name, create=provisioners._apigw_v2_api_create):
    body = props.get("Body") or {}
    name = props.get("Name") or body.get("info", {}).get("title")
    api_id, attributes = create(logical_id, props | ({"Name": name} if name else {}), stack_name)
    fill_api(api_id, props)
    created_apis.append(api_id)
    return api_id, attributes


def update_api(physical_id, old, new, stack_name, logical_id=None, update=provisioners._apigw_v2_api_update):
    api_id, attributes = update(physical_id, old, new, stack_name, logical_id)
    if old.get("Body") != new.get("Body"):
        for held in (apigateway._routes, apigateway._integrations, apigateway._authorizers):
            held[api_id] = {}
        fill_api(api_id, new)
    return api_id, attributes


def invoke_from_api(record, event, *rest, run=lambda_svc._execute_function_with_config_scope):
    """An HTTP API's events and failures as AWS has them."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not context or "domainName" not in context or event.get("version") != "2.0":
        return run(record, event, *rest)
    headers = event.setdefault("headers", {})
    context["domainName"] = headers.get("host", context["domainName"])
    headers.setdefault("x-forwarded-proto", "http")
    headers.setdefault("x-forwarded-for", context["http"]["sourceIp"])
    # AWS takes cookies out of the headers and lists them.
    if cookies := headers.pop("cookie", None):
        event["cookies"] = [cookie for cookie in re.split(r";\s*", cookies) if cookie]
    result = run(record, event, *rest)
    return FAILED if result.get("error") else result


def action_of(*request, extract=iam_actions.extract_iam_action):
    action = extract(*request)
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


class Kept:
    """A function's output, copied to its file line by line as the emulator reads it."""

    def __init__(self, stream, name):
        self.stream = stream
        self.file = open(os.path.join(os.environ["FUNCTION_LOGS"], f"{name}.log"), "ab", buffering=0)

    def readline(self):
        line = self.stream.readline()
        self.file.write(line)
        return line

    def close(self):
        self.stream.close()
        self.file.close()


def keep_output(worker, stream, log_queue, pump=lambda_runtime.ProvidedWorker._pump_output):
    pump(worker, Kept(stream, worker.func_name), log_queue)


def api_at_its_own_port(app, api_port):
    """Requests to the API's port reach the API alone, `/health` and all."""

    async def serve_request(scope, receive, send):
        server = scope.get("server") or ("", None)
        if scope["type"] == "http" and server[1] == api_port:
            api = created_apis[-1] if created_apis else "none"
            prefix = f"/_aws/execute-api/{api}/$default"
            raw = scope.get("raw_path") or scope["path"].encode()
            scope = scope | {"path": prefix + scope["path"], "raw_path": prefix.encode() + raw}
        await app(scope, receive, send)

    return serve_request


def resource_with_group(service, method, path, headers, body, query, *rest, find=iam_actions.extract_resource_arn):
    """The group of a schedule is in the body of a request that writes, in the query of others."""
    arn = find(service, method, path, headers, body, query, *rest)
    if service != "scheduler" or ":schedule/default/" not in arn:
        return arn
    group = query.get("groupName") or (json.loads(body) if body else {}).get("GroupName") or "default"
    group = group[0] if isinstance(group, list) else group
    return arn.replace(":schedule/default/", f":schedule/{group}/")


def of_events(kind, create, delete):
    """What CloudFormation calls to make and take away a resource of EventBridge."""

    def made(logical_id, props, stack_name):
        name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        status, _, body = create(props | {"Name": name})
        if status >= 400:
            raise ValueError(f"AWS::Events::{kind}: {body!r}")
        return name, {"Arn": json.loads(body)[f"{kind}Arn"]}

    return {"create": made, "delete": lambda physical_id, _: delete({"Name": physical_id})}


def close_gaps():
    provisioners._RESOURCE_HANDLERS |= {
        "AWS::Events::Connection": of_events(
            "Connection", eventbridge._create_connection, eventbridge._delete_connection
        ),
        "AWS::Events::ApiDestination": of_events(
            "ApiDestination", eventbridge._create_api_destination, eventbridge._delete_api_destination
        ),
    }
    iam_actions.extract_resource_arn = resource_with_group
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    handlers["create"], handlers["update"] = create_api, update_api
    lambda_svc._execute_function_with_config_scope = invoke_from_api
    iam_actions.extract_iam_action = action_of
    lambda_runtime.ProvidedWorker._pump_output = keep_output
    # first_line_wait, idle_confirm, hard_cap: the defaults wait 50 ms for a line that never comes.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.003, 0.002, 0.25)


def main():
    close_gaps()
    host = os.environ["BIND_HOST"]
    api_port = int(os.environ["API_PORT"])
    config = Config()
    config.bind = [f"{host}:{os.environ['GATEWAY_PORT']}", f"{host}:{api_port}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    # Nothing of a run is kept, so nothing is waited for; the guard ends the functions' processes.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    app = api_at_its_own_port(ministack.app, api_port)
    asyncio.run(serve(app, config, shutdown_trigger=forever))


async def forever():
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()

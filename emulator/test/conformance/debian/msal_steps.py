"""Takes steps with one application of MSAL for Python, as the first line of standard input says, and prints the answers.

A page that a person has to visit is named on standard error; what came back from it is the next line of standard input.
Tokens are printed as their claims only.
"""

import base64
import json
import sys
import urllib.parse

import msal


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def visit(address):
    print("VISIT", address, file=sys.stderr, flush=True)
    return dict(urllib.parse.parse_qsl(sys.stdin.readline().strip()))


def take(app, step, flow):
    call, options = step["call"], dict(step.get("with", {}))
    if call == "acquire_token_by_auth_code_flow":
        options.update(auth_code_flow=flow, auth_response=visit(flow["auth_uri"]))
    if call == "acquire_token_by_device_flow":
        print(flow["message"], file=sys.stderr, flush=True)
        options.update(flow=flow)
    if call == "acquire_token_silent":
        options.update(account=app.get_accounts()[0])
    return getattr(app, call)(**options)


def printable(answer):
    if not isinstance(answer, dict) or "access_token" not in answer:
        return answer
    kept = {name: answer[name] for name in ("token_type", "scope", "id_token_claims") if name in answer}
    return {**kept, "claims": claims_of(answer["access_token"]), "names": sorted(answer)}


wish = json.loads(sys.stdin.readline())
kind = msal.ConfidentialClientApplication if "client_credential" in wish["app"] else msal.PublicClientApplication
application = kind(**wish["app"])
answers = []
for wanted in wish["steps"]:
    answers.append(take(application, wanted, answers[-1] if answers else None))
print(json.dumps([printable(answer) for answer in answers]))

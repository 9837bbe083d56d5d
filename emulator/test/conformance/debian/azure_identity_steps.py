"""Asks for tokens with azure-identity for Python as a daemon does; prints their claims, or what the refusal said.

The first line of standard input names each credential and what it is made of.
"""

import base64
import json
import sys

import azure.identity
from azure.core.exceptions import ClientAuthenticationError


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def prompt(verification_uri, user_code, expires_on):
    print("enter the code", user_code, file=sys.stderr, flush=True)


def ask(name, options, scope):
    if name == "DeviceCodeCredential":
        options = {**options, "prompt_callback": prompt}
    try:
        return {"claims": claims_of(getattr(azure.identity, name)(**options).get_token(scope).token)}
    except ClientAuthenticationError as refusal:
        return {"refused": refusal.message}


wish = json.loads(sys.stdin.readline())
print(json.dumps([ask(one["name"], one["options"], one["scope"]) for one in wish]))

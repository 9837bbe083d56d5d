# Runs one call of ADAL, the library before MSAL, and prints its answer: {"authority", "call", "arguments"} from standard
# input. It speaks version 1 of the endpoints alone: it names resources, and wants refresh tokens unasked.
import json
import sys

import adal

wish = json.loads(sys.stdin.readline())
context = adal.AuthenticationContext(wish["authority"], validate_authority=False)
try:
    if wish["call"] == "acquire_token_with_device_code":
        resource, client = wish["arguments"]
        code = context.acquire_user_code(resource, client)
        print(code["message"], file=sys.stderr, flush=True)
        answer = context.acquire_token_with_device_code(resource, code, client)
    else:
        answer = getattr(context, wish["call"])(*wish["arguments"])
except adal.AdalError as error:
    answer = error.error_response
print(json.dumps(answer, default=str))

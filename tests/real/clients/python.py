"""The official Python client, unmodified: connects, lists the tools, calls one and then one that needs a step-up.

Arguments: URL of the MCP server, issuer, client secret, mode (`auto` or `legacy`). Prints one JSON object: what the tools
said, and each HTTP exchange as `METHOD PATH STATUS`.
"""

import asyncio
import json
import sys

import httpx2
from mcp.client import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client

URL, ISSUER, SECRET, MODE = sys.argv[1:]


class Memory:
    """Keeps tokens and registration for as long as the process lives."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def main():
    exchanges = []

    async def note(response):
        exchanges.append(f"{response.request.method} {response.request.url.path} {response.status_code}")

    auth = ClientCredentialsOAuthProvider(URL, Memory(), "m2m", SECRET, issuer=ISSUER)
    async with httpx2.AsyncClient(auth=auth, event_hooks={"response": [note]}, timeout=20) as http:
        async with Client(streamable_http_client(URL, http_client=http), mode=MODE) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            echo = (await client.call_tool("echo", {"text": "hello"})).content[0].text
            admin = (await client.call_tool("admin-reset", {})).content[0].text
    print(json.dumps({"tools": tools, "echo": echo, "admin": admin, "exchanges": exchanges}))


asyncio.run(main())

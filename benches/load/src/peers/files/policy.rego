# The scopes of a call of `get_weather`, from a token that OPA verifies. KEYS is put in by the measurement.
package mcp

keys := `KEYS`

default allow := false

allow if {
	[is_valid, _, claims] := io.jwt.decode_verify(input.token, {
		"cert": keys,
		"iss": "https://auth.example.com",
		"aud": "https://mcp.example.com/mcp",
	})
	is_valid
	scopes := split(claims.scope, " ")
	every scope in needed { scope in scopes }
}

needed contains "mcp:connect"

needed contains "mcp:tools:execute" if input.method == "tools/call"

needed contains "calendar:events:read" if input.name == "get_weather"

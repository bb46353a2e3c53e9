-- Asks scopegate whether this request may pass, and shows it the body. For access_by_lua_file; see lua.conf. Only the
-- answer 200 lets a request pass. Any answer that the script does not understand ends the request with 503.

local QUESTION = "/_scopegate"
local RETRY_AFTER_SECONDS = 5
local TOO_LARGE = 413 -- the module has no name for it

-- The identity headers that the MCP server may trust, set from each permit. The script has cleared those of the client.
local IDENTITY = { "x-auth-subject", "x-auth-client-id", "x-auth-issuer", "x-auth-scope", "x-auth-resource" }

-- Names that only scopegate and the gateway may set; headers of these names from a client never reach the MCP server.
local RESERVED = { "^x%-auth%-", "^x%-original%-", "^x%-scopegate%-" }

-- The headers of a denial that the client needs.
local RELAYED = { "www-authenticate", "cache-control", "access-control-allow-origin", "access-control-expose-headers" }

-- scopegate answers nginx only with 200, 401, 403 and 503. Other statuses come as 403 with the true status in a header.
local TRUE_STATUS = { ["400"] = 400, ["404"] = 404, ["413"] = 413 }

local function is_reserved(name)
    for _, pattern in ipairs(RESERVED) do
        if name:lower():find(pattern) then
            return true
        end
    end
    return false
end

local function clear_reserved_headers()
    for name in pairs(ngx.req.get_headers(0)) do -- 0: all headers, not only the first hundred
        if is_reserved(name) then
            ngx.req.clear_header(name)
        end
    end
end

-- Returns the body as a string, or nil if there is none.
local function read_body()
    -- Without a token the answer is 401 for any body: do not read it into memory.
    if not ngx.var.http_authorization then
        return nil
    end
    ngx.req.read_body()
    if ngx.req.get_body_file() then
        ngx.exit(TOO_LARGE)
    end
    return ngx.req.get_body_data()
end

-- Returns the headers with names in lower case: a captured answer finds a header only by the upstream's exact spelling.
local function by_lower_case(headers)
    local lower = {}
    for name, value in pairs(headers) do
        lower[name:lower()] = value
    end
    return lower
end

local function ask()
    local body = read_body()
    local method = body and ngx.HTTP_POST or ngx.HTTP_GET
    local answer = ngx.location.capture(QUESTION, { method = method, body = body })
    return answer, by_lower_case(answer.header)
end

local function permit(headers)
    for _, name in ipairs(IDENTITY) do
        local value = headers[name]
        if value and value ~= "" then
            ngx.req.set_header(name, value)
        end
    end
end

local function finish(status, body)
    ngx.status = status
    ngx.header["Content-Length"] = #body
    ngx.print(body)
    ngx.exit(ngx.HTTP_OK) -- keeps the status set above
end

local function deny(answered, headers)
    local status = TRUE_STATUS[headers["x-scopegate-status"]] or answered
    for _, name in ipairs(RELAYED) do
        ngx.header[name] = headers[name]
    end
    if status == ngx.HTTP_BAD_REQUEST then -- only this denial has a body
        ngx.header["Content-Type"] = "application/json"
        finish(status, headers["x-scopegate-error"] or "")
    else
        finish(status, "")
    end
end

-- scopegate made no decision. Never answer 401: it would make clients throw away a good token.
local function unavailable(headers)
    ngx.header["Retry-After"] = headers["retry-after"] or RETRY_AFTER_SECONDS
    ngx.header["Cache-Control"] = "no-store"
    finish(ngx.HTTP_SERVICE_UNAVAILABLE, "")
end

clear_reserved_headers()
local answer, headers = ask()
if answer.truncated then
    unavailable(headers)
elseif answer.status == ngx.HTTP_OK then
    permit(headers)
elseif answer.status == ngx.HTTP_UNAUTHORIZED or answer.status == ngx.HTTP_FORBIDDEN then
    deny(answer.status, headers)
else
    unavailable(headers)
end

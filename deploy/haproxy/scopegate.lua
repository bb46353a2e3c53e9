-- Asks scopegate whether this request may pass, and shows it the body. Use it with `http-request lua.scopegate`; see
-- haproxy.cfg. The check request goes to the URL in `txn.scopegate_question`. Only the answer 200 sets `txn.scopegate`
-- to `permit`. Any answer that the script does not understand ends the request with 503.

local TIMEOUT_MS = 2000
local RETRY_AFTER_SECONDS = "5"

-- The identity headers that the MCP server may trust, set from each permit. haproxy.cfg has removed those of the
-- client.
local IDENTITY = { "x-auth-subject", "x-auth-client-id", "x-auth-issuer", "x-auth-scope", "x-auth-resource" }

-- The headers of a denial that the client needs.
local RELAYED = { "www-authenticate", "cache-control", "access-control-allow-origin", "access-control-expose-headers" }

-- The headers that scopegate reads. Repeated headers stay repeated, so that scopegate can refuse them.
local SHOWN = {
    "authorization", "host", "origin", "access-control-request-method", "content-type", "content-encoding",
    "mcp-protocol-version", "mcp-method", "mcp-name", "traceparent",
}

-- scopegate answers scripts only with 200, 401, 403 and 503. Other statuses come as 403 with the true status in a
-- header.
local TRUE_STATUS = { ["400"] = 400, ["404"] = 404, ["413"] = 413 }

-- HAProxy counts the values of a header from 0, but its HTTP client expects them from 1.
local function values(headers, name)
    local found = headers[name]
    if not found then
        return nil
    end
    local list = {}
    for i = 0, #found do
        list[i + 1] = found[i]
    end
    return list
end

local function first(headers, name)
    return headers and headers[name] and headers[name][0]
end

local function finish(txn, status, headers, body)
    local reply = txn:reply({ status = status })
    for name, value in pairs(headers) do
        reply:add_header(name, value)
    end
    reply:set_body(body or "")
    txn:done(reply)
end

-- scopegate made no decision. Never answer 401: it would make clients throw away a good token.
local function unavailable(txn, headers)
    local retry_after = first(headers, "retry-after") or RETRY_AFTER_SECONDS
    finish(txn, 503, { ["retry-after"] = retry_after, ["cache-control"] = "no-store" })
end

-- Returns the body, or the status that refuses a request whose body cannot be shown in full.
local function read_body(txn, headers)
    -- Without a token the answer is 401 for any body.
    if not headers["authorization"] then
        return nil
    end
    local body = txn.sf:req_body() or ""
    local length = first(headers, "content-length")
    if length then
        return body, #body ~= tonumber(length) and 413
    end
    local is_announced = headers["transfer-encoding"] or #body > 0
    return nil, is_announced and 411
end

local function ask(txn, headers, body)
    local shown = {}
    for _, name in ipairs(SHOWN) do
        shown[name] = values(headers, name)
    end
    shown["x-original-method"] = { txn.sf:method() }
    shown["x-original-uri"] = { txn.sf:pathq() }
    local client = core.httpclient()
    return client:post({ url = txn:get_var("txn.scopegate_question"), headers = shown, body = body, timeout = TIMEOUT_MS })
end

local function permit(txn, answer)
    for _, name in ipairs(IDENTITY) do
        local value = first(answer.headers, name)
        if value and value ~= "" then
            txn.http:req_set_header(name, value)
        end
    end
    txn:set_var("txn.scopegate", "permit")
end

local function deny(txn, answer)
    local status = TRUE_STATUS[first(answer.headers, "x-scopegate-status")] or answer.status
    local headers = {}
    for _, name in ipairs(RELAYED) do
        headers[name] = first(answer.headers, name)
    end
    if status == 400 then -- only this denial has a body
        headers["content-type"] = "application/json"
        finish(txn, status, headers, first(answer.headers, "x-scopegate-error"))
    else
        finish(txn, status, headers)
    end
end

core.register_action("scopegate", { "http-req" }, function(txn)
    local headers = txn.http:req_get_headers()
    local body, refused = read_body(txn, headers)
    if refused then
        return finish(txn, refused, {})
    end
    local answer = ask(txn, headers, body)
    if answer and answer.status == 200 then
        permit(txn, answer)
    elseif answer and (answer.status == 401 or answer.status == 403) then
        deny(txn, answer)
    else
        unavailable(txn, answer and answer.headers)
    end
end)

-- Asks scopegate whether this request may pass, and shows it the body. `http-request lua.scopegate`; see haproxy.cfg. The
-- question goes to the URL in `txn.scopegate_question`.
-- Only the answer 200 sets `txn.scopegate` to `permit`; whatever is not understood ends the request with 503.

local TIMEOUT_MS = 2000
local RETRY_AFTER_SECONDS = "5"

-- What the MCP server may believe about the caller, set from each permit; a client's own were removed before.
local IDENTITY = { "x-auth-subject", "x-auth-client-id", "x-auth-issuer", "x-auth-scope", "x-auth-resource" }

-- What a client has to know of a denial.
local RELAYED = { "www-authenticate", "cache-control", "access-control-allow-origin", "access-control-expose-headers" }

-- What scopegate reads of a request. Repeated headers stay repeated, for scopegate to refuse.
local SHOWN = {
    "authorization", "host", "origin", "access-control-request-method", "content-type", "content-encoding",
    "mcp-protocol-version", "mcp-method", "mcp-name", "traceparent",
}

-- To scripts scopegate speaks in 200, 401, 403 and 503 alone; these come as 403 with the true status in a header.
local TRUE_STATUS = { ["400"] = 400, ["404"] = 404, ["413"] = 413 }

-- HAProxy counts the values of a header from 0; its client wants them from 1.
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

-- No decision. Never 401, which would make clients throw a good token away.
local function unavailable(txn, headers)
    local retry_after = first(headers, "retry-after") or RETRY_AFTER_SECONDS
    finish(txn, 503, { ["retry-after"] = retry_after, ["cache-control"] = "no-store" })
end

-- The body, or the status with which a request is refused whose body cannot be shown whole.
local function read_body(txn, headers)
    -- Without a token the answer is 401 whatever the body says.
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
    if status == 400 then -- of all denials only this one has a body
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

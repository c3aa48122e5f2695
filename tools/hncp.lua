-- SPDX-License-Identifier: ISC
-- A Wireshark dissector for HNCP (RFC 7788) and the DNCP it is made of (RFC 7787), UDP port 8231:
--
--     tshark -X lua_script:tools/hncp.lua -i eth0 udp port 8231
--     wireshark -X lua_script:tools/hncp.lua capture.pcap
--
-- One table says it all: for each TLV type its name, its least length, where it may stand and how its value is read.
-- A reader adds fields to the tree and returns how many octets of the value were its own; what follows, from the next
-- 4-octet boundary on, are nested TLVs.

local hncp = Proto("hncp", "Home Networking Control Protocol")

local PORT, PORT_DTLS = 8231, 8232
local HEADER, NODE_ID, HASH = 4, 4, 8 -- octets; the last two by the profile (RFC 7788 3)
local PREFIX_BITS = 128

local policies = { [0] = "Internet connectivity", [129] = "DNS domain", [130] = "Opaque", [131] = "Restrictive" }
local verdicts = {
    [0] = "Neutral", [1] = "Cached Trust", [2] = "Cached Distrust", [3] = "Configured Trust",
    [4] = "Configured Distrust",
}

local f = {
    type = ProtoField.uint16("hncp.tlv.type", "Type"),
    length = ProtoField.uint16("hncp.tlv.length", "Length"),
    value = ProtoField.bytes("hncp.tlv.value", "Value"),
    padding = ProtoField.bytes("hncp.tlv.padding", "Padding"),
    node = ProtoField.uint32("hncp.node", "Node Identifier", base.HEX),
    endpoint = ProtoField.uint32("hncp.endpoint", "Endpoint Identifier"),
    network_hash = ProtoField.bytes("hncp.network_state", "Network State Hash"),
    sequence = ProtoField.uint32("hncp.node_state.sequence", "Sequence Number"),
    age = ProtoField.uint32("hncp.node_state.age", "Milliseconds Since Origination"),
    data_hash = ProtoField.bytes("hncp.node_state.hash", "Hash of Node Data"),
    peer_node = ProtoField.uint32("hncp.peer.node", "Peer Node Identifier", base.HEX),
    peer_endpoint = ProtoField.uint32("hncp.peer.endpoint", "Peer Endpoint Identifier"),
    peer_local = ProtoField.uint32("hncp.peer.local_endpoint", "Local Endpoint Identifier"),
    keepalive = ProtoField.uint32("hncp.keepalive.interval", "Interval (ms)"),
    verdict = ProtoField.uint8("hncp.verdict", "Verdict", base.DEC, verdicts),
    fingerprint = ProtoField.bytes("hncp.verdict.fingerprint", "SHA-256 Fingerprint"),
    common_name = ProtoField.string("hncp.verdict.common_name", "Common Name"),
    mdns = ProtoField.uint16("hncp.capability.mdns", "M-capability (mDNS proxy)", base.DEC, nil, 0xf000),
    pd = ProtoField.uint16("hncp.capability.pd", "P-capability (DHCPv6-PD)", base.DEC, nil, 0x0f00),
    dhcpv6 = ProtoField.uint16("hncp.capability.dhcpv6", "H-capability (DHCPv6)", base.DEC, nil, 0x00f0),
    dhcpv4 = ProtoField.uint16("hncp.capability.dhcpv4", "L-capability (DHCPv4)", base.DEC, nil, 0x000f),
    user_agent = ProtoField.string("hncp.user_agent", "User-agent"),
    valid = ProtoField.uint32("hncp.valid_lifetime", "Valid Lifetime (s)"),
    preferred = ProtoField.uint32("hncp.preferred_lifetime", "Preferred Lifetime (s)"),
    prefix_length = ProtoField.uint8("hncp.prefix.length", "Prefix Length"),
    prefix = ProtoField.string("hncp.prefix", "Prefix"),
    policy = ProtoField.uint8("hncp.policy.type", "Policy Type"),
    policy_value = ProtoField.string("hncp.policy.value", "Policy"),
    option_v4 = ProtoField.uint8("hncp.dhcpv4.option", "DHCPv4 Option"),
    option_v6 = ProtoField.uint16("hncp.dhcpv6.option", "DHCPv6 Option"),
    option_value = ProtoField.bytes("hncp.dhcp.value", "Option Value"),
    priority = ProtoField.uint8("hncp.assigned.priority", "Priority", base.DEC, nil, 0x0f),
    address = ProtoField.ipv6("hncp.address", "IP Address"),
    legacy = ProtoField.bool("hncp.zone.legacy_browse", "L: legacy browse", 8, nil, 0x04),
    browse = ProtoField.bool("hncp.zone.browse", "B: browse", 8, nil, 0x02),
    search = ProtoField.bool("hncp.zone.search", "S: fully qualified", 8, nil, 0x01),
    zone = ProtoField.string("hncp.zone", "Zone"),
    domain = ProtoField.string("hncp.domain", "Domain"),
    name = ProtoField.string("hncp.node_name", "Name"),
    psk = ProtoField.bytes("hncp.psk", "PSK"),
}

local e = {
    cut = ProtoExpert.new("hncp.malformed.cut", "TLV is cut short", expert.group.MALFORMED, expert.severity.ERROR),
    short = ProtoExpert.new("hncp.malformed.short", "TLV is too short for its type",
        expert.group.MALFORMED, expert.severity.ERROR),
    value = ProtoExpert.new("hncp.malformed.value", "Value makes no sense",
        expert.group.MALFORMED, expert.severity.ERROR),
    misplaced = ProtoExpert.new("hncp.misplaced", "TLV outside its context: to be ignored",
        expert.group.PROTOCOL, expert.severity.WARN),
    unknown = ProtoExpert.new("hncp.unknown", "Unknown TLV type", expert.group.UNDECODED, expert.severity.NOTE),
    order = ProtoExpert.new("hncp.order", "Node data is not in ascending order",
        expert.group.PROTOCOL, expert.severity.WARN),
    padding = ProtoExpert.new("hncp.padding", "Padding is not zero", expert.group.PROTOCOL, expert.severity.NOTE),
    swapped = ProtoExpert.new("hncp.dhcp_swapped", "DHCP data type by RFC 7788 section 10.2, not by section 13",
        expert.group.PROTOCOL, expert.severity.NOTE),
}

local function list(of)
    local values = {}
    for _, value in pairs(of) do
        values[#values + 1] = value
    end
    return values
end

hncp.fields = list(f)
hncp.experts = list(e)

local function padded(length)
    return length + -length % 4
end

-- The text of an IPv6 prefix of which only the significant octets are there; IPv4-mapped ones as IPv4.
local function prefix_text(octets, bits)
    local b = {}
    for i = 1, 16 do
        b[i] = octets[i] or 0
    end
    local mapped = bits >= 96 and b[11] == 0xff and b[12] == 0xff
    for i = 1, 10 do
        mapped = mapped and b[i] == 0
    end
    if mapped then
        return string.format("%d.%d.%d.%d/%d", b[13], b[14], b[15], b[16], bits - 96)
    end
    local groups, best, best_length, run = {}, 0, 1, 0
    for i = 1, 8 do
        groups[i] = b[2 * i - 1] * 256 + b[2 * i]
        run = groups[i] == 0 and run + 1 or 0
        if run > best_length then
            best, best_length = i - run + 1, run
        end
    end
    local text = ""
    for i = 1, 8 do
        if best > 0 and i == best then
            text = text .. (i == 1 and "::" or ":")
        elseif best == 0 or i < best or i >= best + best_length then
            text = text .. string.format("%x", groups[i]) .. (i < 8 and ":" or "")
        end
    end
    return text .. "/" .. bits
end

-- A prefix length at `at` and the significant octets after it. Returns the octets read and the text, or nothing.
local function read_prefix(t, at)
    local bits = t.range(at, 1):uint()
    local count = math.ceil(bits / 8)
    local item = t.tree:add(f.prefix_length, t.range(at, 1))
    if bits > PREFIX_BITS or at + 1 + count > t.length then
        item:add_proto_expert_info(e.value)
        return nil
    end
    local octets = {}
    for i = 1, count do
        octets[i] = t.range(at + i, 1):uint()
    end
    local text = prefix_text(octets, bits)
    t.tree:add(f.prefix, t.range(at, 1 + count), text)
    return at + 1 + count, text
end

-- A DNS label sequence at `at`. Returns the octets read and the text, or nothing.
local function read_labels(t, at, field)
    local text, begun = "", at
    while at < t.length do
        local size = t.range(at, 1):uint()
        if size == 0 then
            text = text == "" and "." or text
            t.tree:add(field, t.range(begun, at + 1 - begun), text)
            return at + 1, text
        end
        if size > 63 or at + 1 + size > t.length then
            break
        end
        text = text .. t.range(at + 1, size):string() .. "."
        at = at + 1 + size
    end
    t.tree:add_proto_expert_info(e.value, "No label sequence")
    return nil
end

-- Whether the value is whole DHCP options, with codes and lengths of `width` octets; calls `each` for all of them.
local function walk_options(t, width, each)
    local at, ended = 0, false
    while at < t.length do
        local single = width == 1 and (t.range(at, 1):uint() == 0 or t.range(at, 1):uint() == 255)
        if single then
            if ended and t.range(at, 1):uint() ~= 0 then
                return false
            end
            ended = ended or t.range(at, 1):uint() == 255
            at = at + 1
        else
            if ended or at + 2 * width > t.length then
                return false
            end
            local size = t.range(at + width, width):uint()
            if at + 2 * width + size > t.length then
                return false
            end
            if each then
                each(at, size)
            end
            at = at + 2 * width + size
        end
    end
    return true
end

-- RFC 7788 10.2.2 and 10.2.3 against 13: 37 and 38 are seen both ways, so the content tells.
local function read_dhcp(t)
    local v6, v4 = walk_options(t, 2), walk_options(t, 1)
    if v6 and v4 then
        v6 = t.range(0, 1):uint() == 0 or t.type == 38
    end
    if not v6 and not v4 then
        t.tree:add_proto_expert_info(e.value, "Neither DHCPv6 nor DHCPv4 options")
        return t.length
    end
    local width, field = v6 and 2 or 1, v6 and f.option_v6 or f.option_v4
    walk_options(t, width, function(at, size)
        local item = t.tree:add(field, t.range(at, width))
        item:set_len(2 * width + size)
        if size > 0 then
            item:add(f.option_value, t.range(at + 2 * width, size))
        end
    end)
    if v6 ~= (t.type == 38) then
        t.tree:add_proto_expert_info(e.swapped)
    end
    return t.length, v6 and "DHCPv6" or "DHCPv4"
end

local function read_node(t)
    t.tree:add(f.node, t.range(0, NODE_ID))
    return NODE_ID, string.format("%08x", t.range(0, NODE_ID):uint())
end

local function read_node_endpoint(t)
    local _, text = read_node(t)
    t.tree:add(f.endpoint, t.range(NODE_ID, 4))
    return NODE_ID + 4, text .. " endpoint " .. t.range(NODE_ID, 4):uint()
end

local function read_network_state(t)
    t.tree:add(f.network_hash, t.range(0, HASH))
    return HASH, tostring(t.range(0, HASH):bytes()):lower()
end

local function read_node_state(t)
    local _, text = read_node(t)
    t.tree:add(f.sequence, t.range(4, 4))
    t.tree:add(f.age, t.range(8, 4))
    t.tree:add(f.data_hash, t.range(12, HASH))
    return 12 + HASH, text .. " sequence " .. t.range(4, 4):uint()
end

local function read_peer(t)
    t.tree:add(f.peer_node, t.range(0, NODE_ID))
    t.tree:add(f.peer_endpoint, t.range(4, 4))
    t.tree:add(f.peer_local, t.range(8, 4))
    return 12, string.format("%08x", t.range(0, NODE_ID):uint())
end

local function read_keepalive(t)
    t.tree:add(f.endpoint, t.range(0, 4))
    t.tree:add(f.keepalive, t.range(4, 4))
    return 8, t.range(4, 4):uint() .. " ms"
end

local function read_verdict(t)
    t.tree:add(f.verdict, t.range(0, 1))
    t.tree:add(f.fingerprint, t.range(4, 32))
    t.tree:add(f.common_name, t.range(36, t.length - 36))
    return t.length, verdicts[t.range(0, 1):uint()]
end

local function read_version(t)
    for _, field in ipairs({ f.mdns, f.pd, f.dhcpv6, f.dhcpv4 }) do
        t.tree:add(field, t.range(2, 2))
    end
    if t.length == 4 then
        return 4 -- no user-agent, not even the one octet that RFC 7788 10.1 wants: seen in the wild
    end
    t.tree:add(f.user_agent, t.range(4, t.length - 4))
    return t.length, t.range(4, t.length - 4):string()
end

local function read_nothing()
    return 0
end

local function read_delegated(t)
    t.tree:add(f.valid, t.range(0, 4))
    t.tree:add(f.preferred, t.range(4, 4))
    return read_prefix(t, 8)
end

local function read_policy(t)
    local kind = t.range(0, 1):uint()
    local item = t.tree:add(f.policy, t.range(0, 1))
    if policies[kind] then
        item:append_text(" (" .. policies[kind] .. ")")
    end
    if kind >= 1 and kind <= PREFIX_BITS then
        return read_prefix(t, 0)
    elseif kind == 129 then
        return read_labels(t, 1, f.policy_value)
    elseif kind == 130 and t.length > 1 then
        t.tree:add(f.policy_value, t.range(1, t.length - 1))
        return t.length, t.range(1, t.length - 1):string()
    end
    return kind > 131 and t.length or 1, policies[kind]
end

local function read_assigned(t)
    t.tree:add(f.endpoint, t.range(0, 4))
    t.tree:add(f.priority, t.range(4, 1))
    return read_prefix(t, 5)
end

local function read_address(t)
    t.tree:add(f.endpoint, t.range(0, 4))
    t.tree:add(f.address, t.range(4, 16))
    return 20, tostring(t.range(4, 16):ipv6())
end

local function read_zone(t)
    t.tree:add(f.address, t.range(0, 16))
    for _, field in ipairs({ f.legacy, f.browse, f.search }) do
        t.tree:add(field, t.range(16, 1))
    end
    return read_labels(t, 17, f.zone)
end

local function read_domain(t)
    return read_labels(t, 0, f.domain)
end

local function read_name(t)
    local size = t.range(16, 1):uint()
    t.tree:add(f.address, t.range(0, 16))
    if size > 63 or 17 + size > t.length then
        t.tree:add_proto_expert_info(e.value, "Name of impossible length")
        return nil
    end
    if size == 0 then
        return 17
    end
    t.tree:add(f.name, t.range(17, size))
    return 17 + size, t.range(17, size):string()
end

local function read_psk(t)
    t.tree:add(f.psk, t.range(0, 32))
    return 32
end

-- Where TLVs may stand. "inside" is the rest of a TLV that none is defined for.
local function set(...)
    local s = {}
    for _, value in ipairs({ ... }) do
        s[value] = true
    end
    return s
end
local datagram, node, connection = set("datagram"), set("node"), set("connection")
local delegated, dhcp = set("delegated"), set("connection", "delegated")

-- type = { name, least length of the value, where it may stand, reader, what its nested TLVs stand in }
local types = {
    [1] = { "Request Network State", 0, datagram, read_nothing },
    [2] = { "Request Node State", NODE_ID, datagram, read_node },
    [3] = { "Node Endpoint", NODE_ID + 4, datagram, read_node_endpoint },
    [4] = { "Network State", HASH, datagram, read_network_state },
    [5] = { "Node State", NODE_ID + 8 + HASH, datagram, read_node_state, "node" },
    [8] = { "Peer", NODE_ID + 8, node, read_peer },
    [9] = { "Keep-Alive Interval", 8, node, read_keepalive },
    [10] = { "Trust Verdict", 37, node, read_verdict },
    [32] = { "HNCP Version", 4, node, read_version },
    [33] = { "External Connection", 0, node, read_nothing, "connection" },
    [34] = { "Delegated Prefix", 9, connection, read_delegated, "delegated" },
    [35] = { "Assigned Prefix", 6, node, read_assigned },
    [36] = { "Node Address", 20, node, read_address },
    [37] = { "DHCP Data", 1, dhcp, read_dhcp },
    [38] = { "DHCP Data", 1, dhcp, read_dhcp },
    [39] = { "DNS Delegated Zone", 18, node, read_zone },
    [40] = { "Domain Name", 1, node, read_domain },
    [41] = { "Node Name", 17, node, read_name },
    [42] = { "Managed PSK", 32, node, read_psk },
    [43] = { "Prefix Policy", 1, delegated, read_policy },
}

local walk

local function dissect_value(t, where)
    local known = types[t.type]
    if not known then
        t.tree:add_proto_expert_info(e.unknown)
        if t.length > 0 then
            t.tree:add(f.value, t.range)
        end
        return
    end
    local _, least, places, read, inside = table.unpack(known)
    if not places[where] then
        t.tree:add_proto_expert_info(e.misplaced)
    end
    if t.length < least then
        t.tree:add_proto_expert_info(e.short)
        return
    end
    local used, text = read(t)
    if text then
        t.tree:append_text(": " .. text)
    end
    local begun = used and padded(used)
    if begun and begun < t.length then
        walk(t.range(begun, t.length - begun), t.tree, inside or "inside")
    end
end

-- Whether `b` may follow `a` in node data (RFC 7787 7.2.3): strictly ascending by content, type and length included.
local function ascending(a, b)
    for i = 0, math.min(a:len(), b:len()) - 1 do
        if a:get_index(i) ~= b:get_index(i) then
            return a:get_index(i) < b:get_index(i)
        end
    end
    return a:len() < b:len()
end

-- The TLVs in `range`. Returns their names.
walk = function(range, tree, where)
    local at, names, before = 0, {}, nil
    while at < range:len() do
        local left = range:len() - at
        if left < HEADER or left < HEADER + range(at + 2, 2):uint() then
            tree:add(f.value, range(at, left)):add_proto_expert_info(e.cut)
            return names
        end
        local kind, length = range(at, 2):uint(), range(at + 2, 2):uint()
        local whole = math.min(padded(HEADER + length), left)
        local name = types[kind] and types[kind][1] or "TLV " .. kind
        local item = tree:add(hncp, range(at, whole), name)
        item:add(f.type, range(at, 2))
        item:add(f.length, range(at + 2, 2))
        local value = length > 0 and range(at + HEADER, length) or nil
        dissect_value({ type = kind, length = length, range = value, tree = item }, where)
        if whole > HEADER + length then
            local padding = range(at + HEADER + length, whole - HEADER - length)
            if padding:uint() ~= 0 then
                item:add(f.padding, padding):add_proto_expert_info(e.padding)
            end
        end
        local bytes = range(at, HEADER + length):bytes()
        if where == "node" and before and not ascending(before, bytes) then
            item:add_proto_expert_info(e.order)
        end
        before = bytes
        names[#names + 1] = name
        at = at + whole
    end
    return names
end

-- Runs of the same name are counted: "Node Endpoint, Network State, 3 Node State".
local function summary(names)
    local parts, i = {}, 1
    while i <= #names do
        local last = i
        while names[last + 1] == names[i] do
            last = last + 1
        end
        parts[#parts + 1] = last > i and (last - i + 1) .. " " .. names[i] or names[i]
        i = last + 1
    end
    return table.concat(parts, ", ")
end

function hncp.dissector(buffer, pinfo, root)
    if buffer:len() == 0 then
        return 0
    end
    pinfo.cols.protocol = "HNCP"
    local tree = root:add(hncp, buffer())
    pinfo.cols.info = summary(walk(buffer(), tree, "datagram"))
    return buffer:len()
end

DissectorTable.get("udp.port"):add(PORT, hncp)
DissectorTable.get("dtls.port"):add(PORT_DTLS, hncp)

internal import Basics
internal import Formats

/// Normalisers: bring what is wanted and what is observed to one form, so that a second plan is empty.
///
/// Each takes any value and gives back what it doesn't understand.
enum Normal {
    /// Variables or labels, as an object or as a list of `NAME=value`: a list.
    static let pairs: @Sendable (Value) -> Value = { value in
        switch value {
        case .object(let object):
            .list(object.members.map { .string("\($0.name)=\(text($0.value))") })
        default: value
        }
    }

    /// A command as one string is run by a shell.
    static let command: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .strings(["/bin/sh", "-c", text])
    }

    /// Published ports: `8069`, `8069:8069`, `127.0.0.1:8069:8069/tcp` → `0.0.0.0:8069:8069/tcp`.
    static let ports: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(items.map { item in Port(text(item)).map { .string($0.text) } ?? item })
    }

    /// Mounts: `data:/var/lib/odoo`, `/srv/x:/x:ro`; read-write is the rule and isn't said.
    static let mounts: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(items.map { item in Mount(text(item)).map { .string($0.text) } ?? item })
    }

    /// A restart policy: none is `no`; `on-failure` without a number is `on-failure:0`.
    static let restart: @Sendable (Value) -> Value = { value in
        switch value {
        case .string(""), .bool(false): "no"
        case .string("on-failure"): "on-failure:0"
        default: value
        }
    }

    /// Processors as thousandths: `1.5` → 1500.
    static let processors: @Sendable (Value) -> Value = { value in thousandths(text(value)).map { .int($0) } ?? value }

    static func text(_ value: Value) -> String {
        switch value {
        case .string(let text), .number(let text): text
        case .int(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .null: ""
        default: value.json
        }
    }

    static func thousandths(_ text: String) -> Int64? {
        let sides = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(sides.count), sides[0].utf8.count <= 6, let whole = Int64(sides[0]), whole >= 0 else {
            return nil
        }
        let digits = sides.count > 1 ? String(sides[1]) : ""
        guard digits.utf8.count <= 3, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let padded = digits + String(repeating: "0", count: 3 - digits.utf8.count)
        return whole * 1_000 + (Int64(padded) ?? 0)
    }
}

/// One published port.
struct Port: Sendable, Hashable {
    let address: String
    let host: Int
    let container: Int
    let transport: String

    init(address: String, host: Int, container: Int, transport: String) {
        self.address = address.isEmpty ? "0.0.0.0" : address
        self.host = host
        self.container = container
        self.transport = transport
    }

    /// Nil for what is no port.
    init?(_ text: String) {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let transport = sides.count > 1 ? sides[1].lowercased() : "tcp"
        let parts = sides[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard sides.count <= 2, ["tcp", "udp", "sctp"].contains(transport), parts.count <= 3,
            let container = Int(parts[parts.count - 1]), (1...65_535).contains(container)
        else { return nil }
        guard let host = parts.count > 1 ? Int(parts[parts.count - 2]) : container, (1...65_535).contains(host) else {
            return nil
        }
        self.init(address: parts.count == 3 ? parts[0] : "", host: host, container: container, transport: transport)
    }

    var text: String { "\(address):\(host):\(container)/\(transport)" }
}

/// One mount: a volume by its name, or a path of the host.
struct Mount: Sendable, Hashable {
    let source: String
    let target: String
    let isReadOnly: Bool

    init(source: String, target: String, isReadOnly: Bool) {
        self.source = source
        self.target = target.count > 1 && target.hasSuffix("/") ? String(target.dropLast()) : target
        self.isReadOnly = isReadOnly
    }

    /// Nil for what is no mount.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts[0].isEmpty, parts[1].hasPrefix("/"), !parts.contains(".."),
            parts.count < 3 || parts[2] == "ro" || parts[2] == "rw"
        else { return nil }
        self.init(source: parts[0], target: parts[1], isReadOnly: parts.count == 3 && parts[2] == "ro")
    }

    var isBind: Bool { source.hasPrefix("/") }
    var text: String { "\(source):\(target)\(isReadOnly ? ":ro" : "")" }
}

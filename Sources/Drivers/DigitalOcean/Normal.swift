internal import DesiredState
internal import Formats

/// Normalisers: bring what is wanted and what is observed to one form, so that a second plan is empty.
///
/// Each takes any value and gives back what it doesn't understand.
enum Normal {
    /// A number where a text is meant: version `16`, image `12345`.
    static let text: @Sendable (Value) -> Value = { value in
        switch value {
        case .int(let number): .string(String(number))
        case .number(let text): .string(text)
        default: value
        }
    }

    static let lowercase: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(text.lowercased())
    }

    static let lowercaseAll: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(items.map(lowercase))
    }

    /// Capitals make no other tag: the provider keeps those of the first who wrote them.
    static let tags = lowercaseAll

    /// The data of a DNS record of any type.
    ///
    /// The rule of an attribute doesn't know the type, so the form is told from the data itself: quotes mean a text,
    /// a colon without spaces an IPv6 address, a final dot a host name.
    static let recordData: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(recordData(text))
    }

    /// - Returns: texts without quotes, IPv6 addresses in RFC 5952 form, host names in lower case without final dot.
    static func recordData(_ text: String) -> String {
        if let unquoted = unquoted(text) { return unquoted }
        if let address = IPAddress.canonical(text) { return address }
        guard isHostName(text) else { return text }
        let lower = text.lowercased()
        return lower.count > 1 && lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    /// The name of a record inside its domain: `@` for the apex, lower case, never the whole host name.
    static func recordName(_ name: String, domain: String) -> String {
        var name = name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if name.isEmpty || name == domain.lowercased() { return "@" }
        let suffix = "." + domain.lowercased()
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }

    /// One port, a range, or `0` for all of them, as firewalls write it.
    static func ports(_ value: Value?, protocol name: String) -> String {
        if name == "icmp" { return "0" }
        let text =
            switch value {
            case .int(let number)?: String(number)
            case .string(let text)?: text.filter { $0 != " " }.lowercased()
            default: "0"
            }
        switch text {
        case "", "all", "any", "*", "0", "0-65535", "1-65535": return "0"
        default: break
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        return ends.count == 2 && ends[0] == ends[1] ? String(ends[0]) : text
    }

    static let inboundRules: @Sendable (Value) -> Value = { rules($0, peer: "sources") }

    static let outboundRules: @Sendable (Value) -> Value = { rules($0, peer: "destinations") }

    /// Trusted sources of a cluster as `type:value`, of which only the address has more than one form.
    static let trustedSources: @Sendable (Value) -> Value = { value in
        guard case .list(let items) = value else { return value }
        return .list(
            items.map { item in
                guard case .string(let text) = item, text.hasPrefix("ip_addr:") else { return item }
                return .string("ip_addr:" + IPAddress.canonicalRange(String(text.dropFirst(8))))
            })
    }

    /// The members of a rule's peers in the order in which they are written.
    static let peerKinds = ["addresses", "droplets", "kubernetes_ids", "load_balancer_uids", "tags"]

    private static func rules(_ value: Value, peer: String) -> Value {
        guard case .list(let items) = value else { return value }
        return .list(
            items.map { item in
                guard case .object(let rule) = item else { return item }
                let name = rule["protocol"]?.stringValue?.lowercased() ?? "tcp"
                var peers = Value.Object()
                for kind in peerKinds {
                    guard let values = rule[peer]?[kind]?.listValue, !values.isEmpty else { continue }
                    peers[kind] = .list(sortedTexts(values, areAddresses: kind == "addresses"))
                }
                let normal: Value.Object = [
                    "protocol": .string(name), "ports": .string(ports(rule["ports"], protocol: name)),
                    peer: .object(peers),
                ]
                return .object(normal)
            })
    }

    private static func sortedTexts(_ values: [Value], areAddresses: Bool) -> [Value] {
        let texts = Set(
            values.map { value in
                let text = value.stringValue ?? value.intValue.map(String.init) ?? ""
                return areAddresses ? IPAddress.canonicalRange(text) : text
            })
        return texts.sorted { $0.precedesByBytes($1) }.map { .string($0) }
    }

    /// The parts of a quoted text joined, as DNS does; nil where there are no quotes.
    private static func unquoted(_ text: String) -> String? {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        var result = ""
        var isInside = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                result.append(character)
                isEscaped = false
            } else if character == "\\", isInside {
                isEscaped = true
            } else if character == "\"" {
                isInside.toggle()
            } else if isInside {
                result.append(character)
            } else if character != " " {
                return nil
            }
        }
        return isInside ? nil : result
    }

    private static func isHostName(_ text: String) -> Bool {
        !text.isEmpty && text.contains(".")
            && text.utf8.allSatisfy {
                ($0 | 32) >= 97 && ($0 | 32) <= 122 || $0 >= 48 && $0 <= 57 || $0 == 45 || $0 == 46 || $0 == 95
            }
    }
}

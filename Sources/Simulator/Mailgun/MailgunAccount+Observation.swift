import Formats

extension MailgunAccount {
    /// Domains with their webhooks; of events nothing is seen.
    mutating func load(_ seen: Observation) {
        for item in seen["domain"] {
            func isValid(_ name: String) -> Bool { item.attributes[name].map { $0 == "valid" } ?? true }
            var domain = newDomain(
                item.name, state: item.text("state"), sending: isValid("sending_dns"),
                receiving: isValid("receiving_dns"))
            domain.object["id"] = .string(item.id)
            for name in ["type", "created_at", "is_disabled", "require_tls"] {
                domain.object[name] = item.attributes[name] ?? domain.object[name]
            }
            domains.append(domain)
        }
        for item in seen["webhook"] {
            let parts = item.name.split(separator: "/", maxSplits: 2).map(String.init)
            guard parts.count == 3 else { continue }
            if !domains.contains(where: { $0.name == parts[0].lowercased() }) {
                domains.append(newDomain(parts[0], state: "active", sending: true, receiving: true))
            }
            guard let place = domains.firstIndex(where: { $0.name == parts[0].lowercased() }) else { continue }
            domains[place].webhooks[parts[1], default: []].append(item.attributes["url"]?.stringValue ?? parts[2])
        }
        changes += 1
    }
}

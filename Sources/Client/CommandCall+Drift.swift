import Basics
import Formats
import HTTPClient

extension CommandCall {
    /// What differs in one resource: what is there and what is wanted by which line, since when, why, and what to do.
    func showDrift() async throws -> ClientExit {
        let connection = try connection()
        let rows = try await connection.get("/drift", [("key", target)]).data.listValue ?? []
        // A service that explains nothing shows what differs all the same.
        let explained = await explanation(connection)
        guard !rows.isEmpty else {
            guard case .success = explained else {
                throw ClientFault(
                    "CLI-0012", .notFound, "nothing that differs is called \(target)",
                    hint: "See all that differs: odooops drift list")
            }
            return answer([], "\(target) is as git wants it.")
        }
        let explanation = try? explained.get()
        return answer(.list(rows), rows.map { text(ofDrift: $0, explanation) }.joined(separator: "\n"))
    }

    private func explanation(_ connection: ServiceConnection) async -> Result<Value, ClientFault> {
        do throws(ClientFault) {
            return .success(try await connection.get("/explanations", [("key", target)]).data)
        } catch {
            return .failure(error)
        }
    }

    private func text(ofDrift row: Value, _ explanation: Value?) -> String {
        let detail = row["detail"] ?? .null
        let mark = row["mark"].flatMap { $0.isNull ? nil : $0 }
        let lines: [(String, String?)] = [
            ("key", screen.paint.bold(row.shown("key"))), ("environment", row.environmentName),
            ("what", detail.shown("summary")),
            ("cause", row.shown("cause").spaced),
            ("since", row.minute("first_seen")), ("last seen", row.minute("last_seen")),
            ("in run", row.shown("run_id")),
            ("wanted by", Self.place(detail["source"]) ?? explanation?.shown("source")),
            ("known", mark.map { "\($0.shown("kind")) by \($0.shown("by")): \($0.shown("reason"))" }),
        ]
        var text = block(lines)
        let since = row["attributes_since"] ?? .null
        let attributes = (detail["attributes"]?.listValue ?? []).map { Self.shown($0, since) }
        if !attributes.isEmpty { text += "\n" + table(Self.attributes, attributes) }
        return text + "\n" + block([("what to do", advice(row, detail, explanation, isKnown: mark != nil))])
    }

    private static let attributes: [Listing.Column] = [
        .needed("ATTRIBUTE", 9, "path", least: 12), .needed("IS", 8, "is", least: 15),
        .needed("WANTED", 7, "wanted", least: 15), .place("WANTED BY", 6, "by"), .instant("SINCE", 4, "since"),
    ]

    /// One attribute for the table; of a sensitive one only that it differs.
    private static func shown(_ attribute: Value, _ since: Value) -> Value {
        let isSensitive = attribute["sensitive"]?.boolValue == true
        let path = attribute["path"]?.stringValue ?? ""
        let reference = attribute["reference"].flatMap { $0.isNull ? nil : $0.stringValue }
        let wanted = attribute["after"].flatMap { $0.isNull ? nil : $0 } ?? reference.map { .string("from \($0)") }
        return [
            "path": .string(path), "is": isSensitive ? "(sensitive)" : attribute["before"] ?? .null,
            "wanted": isSensitive ? "(sensitive)" : wanted ?? .null,
            "by": place(attribute["source"]).map { .string($0) } ?? .null, "since": since[path] ?? .null,
        ]
    }

    private static func place(_ source: Value?) -> String? {
        guard let file = source?["file"]?.stringValue else { return nil }
        return source?["line"]?.intValue.map { "\(file):\($0)" } ?? file
    }

    /// What ends the difference: what is in the way, a person's word, or nothing but time.
    private func advice(_ row: Value, _ detail: Value, _ explanation: Value?, isKnown: Bool) -> String {
        let key = row.shown("key")
        let keep = isKnown ? "" : "\nTo leave it as it is for now: odooops drift ack \(key) --reason TEXT"
        if let obstacle = explanation?["obstacle"], !obstacle.isNull {
            let command = obstacle.shown("command")
            return Remedy.here(obstacle.shown("reason") + (command == "-" ? "" : ": \(command)")) + keep
        }
        if explanation?["action"] == "noop", let findings = explanation?["findings"]?.listValue, !findings.isEmpty {
            // No pass mends what only a rule wants otherwise.
            return findings.map { finding in
                let hint = finding.shown("hint")
                let page = "odooops explain \(finding.shown("code"))"
                return hint == "-" ? "What it means, and what mends it: \(page)" : "\(hint): \(page)"
            }.joined(separator: "\n") + keep
        }
        switch explanation?["decision"]?.stringValue {
        case "needs_approval": return "It waits for a person: odooops approve latest --key \(key)" + keep
        case "allowed" where explanation?["action"] != "noop":
            let next = explanation?["next_wake"]?.minute("at") ?? "-"
            let place = Self.place(detail["source"]) ?? explanation?.shown("source") ?? "-"
            let write = place == "-" ? "" : "\nTo keep what is there, write it at \(place)."
            return "The next pass makes it as git wants it\(next == "-" ? "" : ", \(next)"): odooops reconcile --wait"
                + write + keep
        default: return "See why it stands so: odooops explain \(key)" + keep
        }
    }
}

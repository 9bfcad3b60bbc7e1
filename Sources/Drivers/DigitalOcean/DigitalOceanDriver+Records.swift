internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    func createRecord(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let name = try recordName(step)
        var body = recordBody(name, change.wanted)
        body["name"] = .string(name.name)
        // The specification wants some of these of every record, null where they don't apply.
        for member in ["priority", "port", "weight", "flags", "tag"] where body[member] == nil { body[member] = .null }
        let call = ProviderCall("domain_records.create", "POST", recordsPath(name), permission: "domain:create")
        let answer = try await api.send(call, body: .object(body), context)
        return try written(answer, name, step)
    }

    /// Changes what the repository names and nothing else.
    func updateRecord(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let name = try recordName(step)
        let id = try await requireID(step, change, context)
        let call = ProviderCall(
            "domain_records.update", "PATCH", "\(recordsPath(name))/\(id.percentEncoded)",
            permission: "domain:update")
        let answer = try await api.send(call, body: .object(recordBody(name, change.wanted)), context)
        return try written(answer, name, step)
    }

    func deleteRecord(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let name = RecordName(step.key.name), let id = try await providerID(step, change, context) else {
            return .done(nil)
        }
        return try await delete("\(recordsPath(name))/\(id.percentEncoded)", "domain_records", "domain", context)
    }

    private func recordName(_ step: Step) throws(ProviderFault) -> RecordName {
        guard let name = RecordName(step.key.name) else {
            throw impossible(step, "\(step.key.name) is no name of a record")
        }
        return name
    }

    /// The record of an answer to a write.
    private func written(
        _ answer: ProviderAnswer, _ name: RecordName, _ step: Step
    ) throws(ProviderFault) -> StepOutcome {
        .done(
            try answer.object("domain_record") {
                Mapping.record($0, domain: name.domain, RequestedNames([.record: [step.key.name]]))
            })
    }

    private func recordsPath(_ name: RecordName) -> String { "/v2/domains/\(name.domain.percentEncoded)/records" }

    private func recordBody(_ name: RecordName, _ wanted: Attributes) -> Value.Object {
        var body: Value.Object = ["type": .string(name.type)]
        if let data = wanted["data"] ?? name.data.map(Value.string) {
            body["data"] = data.stringValue.map { .string(Mapping.writtenData($0, type: name.type)) } ?? data
        }
        for member in ["priority", "port", "ttl", "weight", "flags", "tag"] { body[member] = wanted[member] }
        return body
    }
}

extension Mapping {
    /// The data of a record as the provider wants it: whole host names end with a dot.
    static func writtenData(_ data: String, type: String) -> String {
        let plain = Normal.recordData(data)
        guard ["CNAME", "MX", "NS", "SRV"].contains(type), plain != "@", plain.contains(".") else { return plain }
        return plain + "."
    }
}

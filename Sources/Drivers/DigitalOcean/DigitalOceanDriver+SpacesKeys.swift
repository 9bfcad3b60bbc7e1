public import Basics
public import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

/// A secret that the provider shows once, when it makes what the secret belongs to.
public struct IssuedSecret: Sendable {
    /// What it belongs to.
    public let key: ResourceKey
    /// The public part, such as the id of an access key.
    public let id: String
    public let secret: Secret

    public init(key: ResourceKey, id: String, secret: Secret) {
        self.key = key
        self.id = id
        self.secret = secret
    }
}

extension DigitalOceanDriver {
    /// Creates a key and hands its secret on; one whose secret nobody keeps is not made, or deleted again at once.
    func createKey(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let call = ProviderCall("keys.create", "POST", "/v2/spaces/keys", permission: "spaces_key:create_credentials")
        guard let keep else {
            throw fault(
                .nowhereToKeep, call, "the secret of a new key would be lost: nothing is set up to keep it",
                hint: "set ODOOOPS_KEY_DIRECTORY; or create the key by hand, and it is adopted by its name",
                .waitForNewCommit)
        }
        let body = try keyBody(step, change)
        let answer = try await api.send(call, body: body, context)
        let key = try answer.object("key") { Mapping.spacesKey($0, Shared()) }
        guard let text = answer.root?["key"]["secret_key"].string else {
            throw answer.broken("it has no secret key")
        }
        let issued = IssuedSecret(key: step.key, id: key.providerID, secret: Secret(text))
        guard await keep(issued) else {
            let path = "/v2/spaces/keys/\(key.providerID.percentEncoded)"
            _ = try await delete(path, "keys", "spaces_key", context)
            throw fault(
                .nowhereToKeep, call, "the secret of the new key could not be kept, so the key was deleted again",
                .retry(after: .minutes(5)))
        }
        return .done(key)
    }

    func updateKey(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let id = try await requireID(step, change, context)
        let call = ProviderCall(
            "keys.update", "PUT", "/v2/spaces/keys/\(id.percentEncoded)",
            permission: "spaces_key:update")
        let answer = try await api.send(call, body: try keyBody(step, change), context)
        return .done(try answer.object("key") { Mapping.spacesKey($0, Shared()) })
    }

    func deleteKey(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let id = try await providerID(step, change, context) else { return .done(nil) }
        return try await delete("/v2/spaces/keys/\(id.percentEncoded)", "keys", "spaces_key", context)
    }

    private func keyBody(_ step: Step, _ change: ResolvedChange) throws(ProviderFault) -> Value {
        let wanted = change.wanted["grants"] ?? change.current?.attributes["grants"]
        guard let grants = Mapping.grants(wanted) else {
            throw impossible(step, "a grant is a bucket and `read`, `readwrite` or `fullaccess`: `bucket:read`")
        }
        let body: Value.Object = ["name": .string(step.key.name), "grants": grants]
        return .object(body)
    }
}

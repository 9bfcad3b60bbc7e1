import Basics
import Formats

/// The containers, networks and volumes of an environment, and its database on a server of its own.
///
/// Only where the environment names the engine or the server, and `runtimes` says that this is the one which the
/// reconciler is connected to: what is meant for another machine is never made on this one.
struct RuntimeResources {
    let file: String
    let runtimes: Runtimes
    let inventory: InventoryReading
    let report: Report

    /// - Throws: `EnvironmentResources.Unknown` where nothing of it can be told.
    func resources(of draft: EnvironmentDraft) throws(EnvironmentResources.Unknown) -> [Draft] {
        try containers(of: draft) + databases(of: draft)
    }

    // MARK: What it is connected to

    private func check(
        _ name: Text, _ what: String, _ key: String, _ connected: Text?, _ draft: EnvironmentDraft
    ) throws(EnvironmentResources.Unknown) {
        if let cause = runtimes.fault { throw EnvironmentResources.Unknown(cause: cause) }
        if connected?.value == name.value { return }
        let cause = report.error(
            .unknownReference,
            "\(draft.subject) has the \(what) \(quoted(name.value)), to which the reconciler isn't connected",
            at: name.mark,
            hint: connected.map { "`runtimes` names \(quoted($0.value)); until both are one, nothing is made." }
                ?? "Write `runtimes: {\(key): \(name.value)}` at the top of environments.yaml, if it is.")
        throw EnvironmentResources.Unknown(cause: cause)
    }

    /// The droplet that a runtime is on, where the inventory has one of its name.
    private func machine(_ name: Text) -> [ResourceKey] {
        inventory.droplets.declared.contains(name.value) ? [ResourceKey(.droplet, name.value)] : []
    }

    // MARK: Images

    /// What the engine is to have at hand; of no environment, for several may run one image.
    func images() -> [Draft] {
        guard let engine = runtimes.docker else { return [] }
        let set = DraftSet(report)
        for image in runtimes.images {
            set.add(
                Draft(ResourceKey(.containerImage, image.value), source: image.mark, dependsOn: machine(engine)))
        }
        return set.drafts.values.sorted { $0.key < $1.key }
    }

    // MARK: Containers

    private func containers(of draft: EnvironmentDraft) throws(EnvironmentResources.Unknown) -> [Draft] {
        guard draft.runtime.needsEngine else { return [] }
        guard let engine = draft.runtime.engine else {
            let cause = report.error(
                .missingKey, "\(draft.subject) has containers, networks or volumes and no `engine`", at: draft.source,
                hint: "Write the name of the engine that runs them, which `runtimes` says as `docker`.")
            throw EnvironmentResources.Unknown(cause: cause)
        }
        try check(engine, "engine", "docker", runtimes.docker, draft)
        let reader = ContainerReader(file: file, environment: draft.slug, machine: machine(engine), report: report)
        return reader.drafts(draft.runtime)
    }

    // MARK: Databases

    private func databases(of draft: EnvironmentDraft) throws(EnvironmentResources.Unknown) -> [Draft] {
        guard let server = draft.runtime.server else { return [] }
        try check(server, "database server", "postgres", runtimes.postgres, draft)
        guard let database = draft.database else { return [] }
        let user = draft.databaseUser ?? database
        for name in [database, user] where !DatabaseName.isValid(name.value) || Self.isReserved(name.value) {
            let cause = report.error(
                .invalidName, "\(draft.subject) has the database or user \(quoted(name.value))", at: name.mark,
                hint: "Use letters, digits, `_` and `-`, at most 63 of them, with a letter first, and no name that "
                    + "belongs to the server: `postgres`, `template1`, `pg_…`.")
            throw EnvironmentResources.Unknown(cause: cause)
        }
        var attributes = [WantedAttribute("login", .literal(.bool(true)), at: user.mark)]
        if let password = draft.runtime.password {
            guard SecretReference(password.value) != nil else {
                // What stands there may be the password itself.
                let cause = report.error(
                    .wrongType, "`database_password` of \(draft.subject) is no reference", at: password.mark,
                    hint: "Write where the password is, `env:NAME` or `file:/PATH`, and never the password itself.")
                throw EnvironmentResources.Unknown(cause: cause)
            }
            attributes += WantedAttribute.of("password", password)
        }
        let role = ResourceKey(.serverRole, user.value)
        let machine = machine(server)
        return [
            Draft(role, environment: draft.slug, attributes, source: user.mark, dependsOn: machine),
            Draft(
                ResourceKey(.serverDatabase, database.value), environment: draft.slug,
                WantedAttribute.of("owner", user), source: database.mark, dependsOn: [role] + machine),
        ]
    }

    private static func isReserved(_ name: String) -> Bool {
        ["postgres", "template0", "template1"].contains(name) || name.hasPrefix("pg_")
    }
}

internal import Basics
public import Drivers
internal import Formats
internal import HTTPClient

extension GitHubReporter {
    /// One delivery of a commit to an environment.
    public struct Deployment: Sendable, Hashable {
        public var sha: String
        public var environment: String
        public var description: String
        public var isProduction: Bool
        /// Whether the environment goes away again, as a preview does.
        public var isTransient: Bool
        /// Tells one delivery of a commit from the next, such as the run's id; it is written into the payload.
        public var key: String

        public init(
            sha: String, environment: String, key: String, description: String = "", isProduction: Bool = false,
            isTransient: Bool = false
        ) {
            self.sha = sha
            self.environment = environment
            self.key = key
            self.description = description
            self.isProduction = isProduction
            self.isTransient = isTransient
        }
    }

    /// How a delivery stands.
    public struct DeploymentStatus: Sendable, Hashable {
        /// As GitHub names them.
        public enum State: String, Sendable {
            case error, failure, inactive, pending, queued, success
            case inProgress = "in_progress"
        }

        public var state: State
        /// At most 140 characters; what is longer is cut.
        public var description: String
        public var logURL: String?
        public var environmentURL: String?

        public init(_ state: State, description: String = "", logURL: String? = nil, environmentURL: String? = nil) {
            self.state = state
            self.description = description
            self.logURL = logURL
            self.environmentURL = environmentURL
        }
    }

    private static let permission = "Deployments: write"

    /// Makes a deployment of exactly this commit, unless one of the same key is there.
    ///
    /// Nothing is merged into it, and no check is waited for: whether it may be delivered was decided before.
    ///
    /// - Returns: what became of it, with the id that its statuses need.
    /// - Throws: `ProviderFault`; `GH-0013` should GitHub merge instead, `GH-0004` on a conflict.
    public func deploy(
        _ deployment: Deployment, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Report {
        let path = "\(repository.path)/deployments"
        func look() async throws(ProviderFault) -> Int64? {
            try await first(
                path, "deployments.list", Self.permission,
                query: [("sha", deployment.sha), ("environment", deployment.environment)], context,
                where: { view in Self.key(of: view["payload"]) == deployment.key }, read: { _ in true })?.id
        }
        if let id = try await look() { return .unchanged(id: id) }
        var body = Value.Object()
        body["ref"] = .string(deployment.sha)
        body["environment"] = .string(deployment.environment)
        body["auto_merge"] = false
        body["required_contexts"] = []
        body["payload"] = .object(["odooops_key": .string(deployment.key)])
        body["description"] = .string(Self.short(deployment.description))
        body["production_environment"] = .bool(deployment.isProduction)
        body["transient_environment"] = .bool(deployment.isTransient)
        let call = ProviderCall("deployments.create", "POST", path, permission: Self.permission)
        return .created(id: try await create(call, body, context, look: look))
    }

    /// Tells how a deployment stands, unless its newest status says so already.
    ///
    /// GitHub marks older successful deployments of an environment as inactive by itself, but never those of production:
    /// `retireAll` does that.
    ///
    /// - Returns: what became of it.
    /// - Throws: `ProviderFault`.
    public func set(
        _ status: DeploymentStatus, of deployment: Int64, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Report {
        if let id = try await newest(status, of: deployment, in: repository, context) { return .unchanged(id: id) }
        return .created(id: try await add(status, to: deployment, in: repository, context))
    }

    /// The newest status of a deployment if it says the same; else nil.
    private func newest(
        _ status: DeploymentStatus, of deployment: Int64, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Int64? {
        let newest = try await first(
            Self.statuses(of: deployment, in: repository), "deployment_statuses.list", Self.permission, context,
            where: { _ in true },
            read: { view in
                view["state"].holds(status.state.rawValue)
                    && (view["description"].string ?? "") == Self.short(status.description)
                    && (view["log_url"].string ?? "") == (status.logURL ?? "")
                    && (view["environment_url"].string ?? "") == (status.environmentURL ?? "")
            })
        return newest.flatMap { $0.value ? $0.id : nil }
    }

    /// Tells how a deployment stands, whatever its newest status says.
    private func add(
        _ status: DeploymentStatus, to deployment: Int64, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Int64 {
        func look() async throws(ProviderFault) -> Int64? {
            try await newest(status, of: deployment, in: repository, context)
        }
        var body = Value.Object()
        body["state"] = .string(status.state.rawValue)
        body["description"] = .string(Self.short(status.description))
        if let url = status.logURL { body["log_url"] = .string(url) }
        if let url = status.environmentURL { body["environment_url"] = .string(url) }
        let call = ProviderCall(
            "deployment_statuses.create", "POST", Self.statuses(of: deployment, in: repository),
            permission: Self.permission)
        return try await create(call, body, context, look: look)
    }

    private static func statuses(of deployment: Int64, in repository: RepositoryName) -> String {
        "\(repository.path)/deployments/\(deployment)/statuses"
    }

    /// Marks the deployments of ours to an environment as inactive, but for the one that is live; without one, all.
    ///
    /// GitHub does so by itself for environments that stay, and not for those that go away again.
    ///
    /// - Returns: the ids of those that were marked, newest first.
    /// - Throws: `ProviderFault`; those before it are marked then.
    public func retireAll(
        but live: Int64? = nil, ofEnvironment environment: String, in repository: RepositoryName,
        _ context: DriverContext
    ) async throws(ProviderFault) -> [Int64] {
        var ours: [Int64] = []
        _ = try await first(
            "\(repository.path)/deployments", "deployments.list", Self.permission,
            query: [("environment", environment)], context,
            where: { view in
                if let id = view["id"].int, id != live, Self.key(of: view["payload"]) != nil { ours.append(id) }
                return false
            }, read: { _ in true })
        var retired: [Int64] = []
        for id in ours {
            let newest = try await first(
                Self.statuses(of: id, in: repository), "deployment_statuses.list", Self.permission, context,
                where: { _ in true }, read: { view in view["state"].holds("inactive") })
            guard newest?.value != true else { continue }
            _ = try await add(DeploymentStatus(.inactive), to: id, in: repository, context)
            retired.append(id)
        }
        return retired
    }

    // MARK: Workflows

    /// Starts a workflow, unless a run of the same key is there.
    ///
    /// The key is sent as the input `odooops_key`. A workflow whose `run-name` shows it can be found again after a lost
    /// answer; one that doesn't can't, and such a start ends as `GH-0010`.
    ///
    /// - Parameters:
    ///   - workflow: the file's name, `deploy.yml`.
    ///   - ref: the branch or tag whose workflow runs.
    ///   - inputs: what the workflow asks for, at most 24.
    ///   - key: tells this start from every other.
    ///   - repository: where.
    ///   - context: where the traffic is recorded.
    /// - Returns: the run.
    /// - Throws: `ProviderFault`.
    public func start(
        _ workflow: String, ref: String, inputs: [String: String] = [:], key: String, in repository: RepositoryName,
        _ context: DriverContext
    ) async throws(ProviderFault) -> Report {
        let path = "\(repository.path)/actions/workflows/\(workflow.percentEncoded)"
        let permission = "Actions: write"
        func look() async throws(ProviderFault) -> Int64? {
            try await first(
                "\(path)/runs", "runs.list", permission, query: [("event", "workflow_dispatch")],
                member: "workflow_runs", context,
                where: { view in view["display_title"].string?.contains(key) == true }, read: { _ in true })?.id
        }
        if let id = try await look() { return .unchanged(id: id) }
        var given = Value.Object()
        for name in inputs.keys.sorted() { given[name] = inputs[name].map { .string($0) } }
        given["odooops_key"] = .string(key)
        var body = Value.Object()
        body["ref"] = .string(ref)
        body["inputs"] = .object(given)
        body["return_run_details"] = true
        let call = ProviderCall("workflows.dispatch", "POST", "\(path)/dispatches", permission: permission)
        let lost: ProviderFault
        do throws(ProviderFault) {
            let answer = try await api.send(call, body: .object(body), context)
            if let id = answer.root?["workflow_run_id"].int { return .created(id: id) }
            // Older servers answer 204: the run is found by its name a moment later.
            lost = answer.broken("it doesn't name the run that was started")
        } catch {
            guard error.mayHaveHappened else { throw error }
            lost = error
        }
        for pause in [1, 4, 10] {
            do { try await time.sleep(for: .seconds(pause)) } catch { break }
            if let id = try? await look() { return .created(id: id) }
        }
        throw lost
    }

    // MARK: Pieces

    /// The key that a deployment carries; GitHub gives the payload back as an object or as its text.
    private static func key(of payload: JSONView) -> String? {
        if let key = payload["odooops_key"].string { return key }
        guard let text = payload.string, let document = try? JSONDocument(Array(text.utf8)) else { return nil }
        return document.root["odooops_key"].string
    }

    static func short(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(140)))
    }
}

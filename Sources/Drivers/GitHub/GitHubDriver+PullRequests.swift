internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats

extension GitHubDriver: PullRequestHost {
    public func openPullRequests(of repository: String, _ context: DriverContext) async -> PullRequestList {
        guard let name = RepositoryName(repository), let request = list(.gitHubPullRequest, in: name, wanted: []) else {
            return PullRequestList(
                items: [], completeness: .unknown(reason: "\(repository) is no name of a repository"))
        }
        let found = await readPages(request, context)
        let items = found.items.compactMap { Self.seen($0, in: name) }
        guard items.count == found.items.count || !found.completeness.isComplete else {
            return PullRequestList(
                items: items.map(\.pullRequest),
                completeness: .partial(reason: "a pull request has no head, no base or no instant of its last change"))
        }
        return PullRequestList(items: items.map(\.pullRequest), completeness: found.completeness)
    }

    public func pullRequest(
        _ number: Int64, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault) -> SeenPullRequest {
        let name = try self.name(repository, "pulls.get")
        let answer = try await api.get("\(name.path)/pulls/\(number)", "pulls.get", "Pull requests: read", context)
        return try answer.object { json in
            Mapping(repository: name).pullRequest(json).flatMap { Self.seen($0, in: name) }
        }
    }

    public func say(
        _ markdown: String, onPullRequest number: Int64, of repository: String, isThere: Bool, _ context: DriverContext
    ) async throws(ProviderFault) {
        let name = try self.name(repository, "comments.create")
        _ = try await reporter.comment(
            markdown, marker: "preview", onPull: number, in: name, isThere: isThere, context)
    }

    public func set(
        _ check: CommitCheck, on commit: String, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault) {
        let name = try self.name(repository, "statuses.create")
        _ = try await reporter.set(Self.status(check), on: commit, in: name, context)
    }

    public func end(
        unsettled: CommitCheck, gone: CommitCheck?, on commit: String, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault) {
        let name = try self.name(repository, "statuses.create")
        _ = try await reporter.end(
            unsettled: Self.status(unsettled), gone: gone.map(Self.status), on: commit, in: name, context)
    }

    private static func status(_ check: CommitCheck) -> GitHubReporter.CommitStatus {
        let state = GitHubReporter.CommitStatus.State(rawValue: check.state.rawValue) ?? .error
        return GitHubReporter.CommitStatus(
            check.name, state, description: check.sentence, targetURL: check.address)
    }

    public func tell(
        _ delivery: PreviewDelivery, of repository: String, _ context: DriverContext
    ) async throws(ProviderFault) {
        let name = try self.name(repository, "deployments.create")
        let state: GitHubReporter.DeploymentStatus.State
        switch delivery.state {
        case .ended:
            _ = try await reporter.retireAll(ofEnvironment: delivery.environment, in: name, context)
            return
        case .queued: state = .queued
        case .underway: state = .inProgress
        case .success: state = .success
        case .failure: state = .failure
        }
        let made = try await reporter.deploy(
            GitHubReporter.Deployment(
                sha: delivery.commit, environment: delivery.environment,
                key: "\(delivery.environment) \(delivery.commit)", description: "The preview of a pull request.",
                isTransient: true), in: name, context)
        _ = try await reporter.set(
            GitHubReporter.DeploymentStatus(
                state, description: delivery.sentence, environmentURL: delivery.address), of: made.id, in: name, context
        )
        guard delivery.state == .success else { return }
        _ = try await reporter.retireAll(but: made.id, ofEnvironment: delivery.environment, in: name, context)
    }

    private var reporter: GitHubReporter { GitHubReporter(self) }

    private func name(_ repository: String, _ operation: String) throws(ProviderFault) -> RepositoryName {
        if let name = RepositoryName(repository) { return name }
        throw Self.names.fault(
            .brokenAnswer, ProviderCall(operation, "GET", repository), "\(repository) is no name of a repository",
            hint: "write owner/name", .stop)
    }

    /// Nil where it lacks what a preview needs.
    private static func seen(_ resource: ObservedResource, in repository: RepositoryName) -> SeenPullRequest? {
        let attributes = resource.attributes
        guard let number = attributes["number"]?.intValue, let head = attributes["head"]?.stringValue,
            let commit = attributes["head_sha"]?.stringValue, let base = attributes["base"]?.stringValue,
            let updated = attributes["updated_at"]?.instantValue
        else { return nil }
        // Of a fork that was deleted there is no name, and it is none of ours either.
        let isOurs = attributes["head_repository"]?.stringValue?.lowercased() == repository.description.lowercased()
        let pull = PullRequest(
            number: number, head: head, headCommit: commit, base: base,
            labels: (attributes["labels"]?.listValue ?? []).compactMap(\.stringValue),
            isFork: !isOurs, isDraft: attributes["is_draft"]?.boolValue ?? false, updatedAt: updated)
        let isMerged = attributes["merged_at"]?.stringValue != nil
        switch attributes["state"]?.stringValue {
        case "open": return SeenPullRequest(pull, .open)
        case "closed": return SeenPullRequest(pull, isMerged ? .merged : .closed)
        default: return nil
        }
    }
}

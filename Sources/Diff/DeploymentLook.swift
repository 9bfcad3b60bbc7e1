internal import Basics
internal import DesiredState
internal import Formats

/// The commit that is deployed, and the head of the branch that it is of.
public struct CommitSpan: Sendable, Hashable {
    /// Forty hexadecimal digits in lower case; so is the other.
    public let deployed: String
    public let head: String

    public init(deployed: String, head: String) {
        self.deployed = deployed.lowercased()
        self.head = head.lowercased()
    }
}

/// Holds the thresholds of an environment against its deployments, as far as anything shows them.
///
/// A deployment that runs the head of its branch is never behind, however old it is.
struct DeploymentLook {
    typealias Answer = (CheckResult.Verdict, String)

    let desired: DesiredState
    /// Deployments of Vercel, as of the last look.
    let watched: WatchedKind?
    /// Which deployment serves production, where that was looked at.
    let serving: ObservedKind?
    let remembered: [EnvironmentRecord]
    /// How many commits lie between two, where somebody counted them.
    let lags: [CommitSpan: Int]
    let now: Timestamp

    func answer(_ check: WantedCheck) -> Answer {
        guard let limit = check.limit else { return (.unknown, "no threshold is written") }
        guard let environment = environment(of: check) else {
            return (.unknown, "\(check.environment) is no single environment of the desired state")
        }
        let record = remembered.first { $0.slug == environment.slug }
        if let watched, let project = check.project, let newest = newest(of: environment, in: project, watched) {
            return answer(check, limit, newest, head(of: environment), project, asOf: watched.at)
        }
        if let record, !environment.resources.isEmpty, let deployed = record.deployedAt {
            return answer(check, limit, record, deployed, environment)
        }
        guard let project = check.project else {
            return (.unknown, "no project at Vercel and no resource is known that \(environment.slug) is deployed to")
        }
        return (.unknown, "no deployment of \(environment.slug) was seen in the Vercel project \(project)")
    }

    /// Between which commits those that lie between them have to be counted for a check; nil where that says nothing.
    func span(_ check: WantedCheck) -> CommitSpan? {
        guard check.key == WantedCheck.commitsBehind, let limit = check.limit, limit > 0,
            let environment = environment(of: check), let watched, let project = check.project,
            let commit = newest(of: environment, in: project, watched)?.attributes["sha"]?.stringValue,
            let head = head(of: environment)
        else { return nil }
        let span = CommitSpan(deployed: commit, head: head)
        return span.deployed == span.head ? nil : span
    }

    private func head(of environment: Environment) -> String? {
        environment.headCommit ?? remembered.first { $0.slug == environment.slug }?.headCommit
    }

    /// The document writes an environment by its name or by its tier.
    private func environment(of check: WantedCheck) -> Environment? {
        if let named = desired.environments.first(where: { $0.slug == check.environment }) { return named }
        guard let tier = Tier(alias: check.environment) else { return nil }
        let fitting = desired.environments.filter { $0.tier == tier && $0.ttlClass != .ephemeral }
        return fitting.count == 1 ? fitting[0] : nil
    }

    // MARK: Vercel

    /// The deployment that serves an environment: the one that is known to, else the newest that is ready.
    private func newest(
        of environment: Environment, in project: String, _ watched: WatchedKind
    ) -> ObservedResource? {
        let deployments = watched.seen.resources.filter { deployment in
            guard deployment.key.name.hasPrefix("\(project)/"), deployment.createdAt != nil,
                deployment.attributes["state"]?.stringValue == "READY"
            else { return false }
            if environment.tier == .production { return deployment.attributes["target"]?.stringValue == "production" }
            return environment.branch.map { deployment.attributes["branch"]?.stringValue == $0 } ?? false
        }
        if environment.tier == .production,
            let id = serving?.resources.first(where: { $0.key.name == project })?.attributes["deployment"]?.stringValue
        {
            return deployments.first { $0.providerID == id }
        }
        return deployments.max { a, b in (a.createdAt ?? now, a.providerID) < (b.createdAt ?? now, b.providerID) }
    }

    private func answer(
        _ check: WantedCheck, _ limit: Int, _ deployment: ObservedResource, _ head: String?, _ project: String,
        asOf look: Timestamp
    ) -> Answer {
        let made = deployment.createdAt ?? look
        let commit = deployment.attributes["sha"]?.stringValue
        let what = "the deployment of \(project) of \(made)"
        if let commit, let head, commit.lowercased() == head.lowercased() {
            return (.pass, "\(what) runs the head of its branch, \(commit.prefix(8))")
        }
        if check.key == WantedCheck.deployAge, look - made <= .hours(limit) {
            return (.pass, "\(what) is not older than \(limit) hours")
        }
        guard let commit, let head else {
            return (.unknown, "\(what) can't be held against its branch: one of the two commits is not known")
        }
        let behind = "\(what) runs \(commit.prefix(8)), and the head of its branch is \(head.prefix(8))"
        if check.key == WantedCheck.deployAge { return (.fail, "\(behind) for a limit of \(limit.of("hour"))") }
        guard let count = lags[CommitSpan(deployed: commit, head: head)] else { return Self.commits(behind, limit) }
        let counted = "\(behind), which has \(count.of("commit")) that it lacks"
        return count > limit ? (.fail, "\(counted), of at most \(limit)") : (.pass, counted)
    }

    /// Where nobody counted, it is only known of commits that differ that there is at least one between them.
    private static func commits(_ behind: String, _ limit: Int) -> Answer {
        limit == 0 ? (.fail, behind) : (.unknown, "\(behind); how many commits lie between them is not counted")
    }

    // MARK: What the store knows

    private func answer(
        _ check: WantedCheck, _ limit: Int, _ record: EnvironmentRecord, _ deployed: Timestamp,
        _ environment: Environment
    ) -> Answer {
        let what = "a pass last changed \(record.slug) at \(deployed)"
        let isAge = check.key == WantedCheck.deployAge
        if isAge, now - deployed <= .hours(limit) { return (.pass, "\(what), not longer than \(limit.of("hour")) ago") }
        guard let head = environment.headCommit, let last = record.headCommit, let active = record.activeAt else {
            return (.unknown, "\(what), and the head of its branch is not known")
        }
        if head == last, active <= deployed { return (.pass, "\(what), and its branch has no commit since") }
        let behind = "\(what), and its branch has newer commits"
        return isAge ? (.fail, "\(behind) for a limit of \(limit.of("hour"))") : Self.commits(behind, limit)
    }
}

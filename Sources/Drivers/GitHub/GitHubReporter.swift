internal import Basics
public import Drivers
internal import Formats
internal import HTTPClient

/// Tells people at GitHub what became of their commit: statuses, one comment, deployments, a workflow's start.
///
/// Each call looks first for what an earlier one left, by context, marker, key or state, so that saying it twice is
/// saying it once, also when the answer to the first was lost.
public struct GitHubReporter: Sendable {
    /// What became of a call.
    public enum Report: Sendable, Hashable {
        /// It said so already; nothing was sent.
        case unchanged(id: Int64)
        case created(id: Int64)
        case updated(id: Int64)

        public var id: Int64 {
            switch self {
            case .unchanged(let id), .created(let id), .updated(let id): id
            }
        }
    }

    let api: ProviderAPI
    let time: any TimeSource
    private let identity: Identity

    /// Remembers who we are.
    final class Identity: Sendable {
        let login: Locked<String?>

        init(_ login: String?) { self.login = Locked(login) }
    }

    /// - Parameters:
    ///   - driver: whose token and budget are used.
    ///   - login: who we are, such as `odooops[bot]`; nil: what the driver was told, or else asks GitHub, which tells the
    ///     owner of a personal token only.
    public init(_ driver: GitHubDriver, login: String? = nil) {
        api = driver.api
        time = driver.time
        identity = login.map { Identity($0) } ?? driver.identity
    }

    // MARK: Commit statuses

    /// A check of a commit, told apart from others by its context.
    public struct CommitStatus: Sendable, Hashable {
        /// As GitHub names them.
        public enum State: String, Sendable { case error, failure, pending, success }

        public var context: String
        public var state: State
        /// At most 140 characters; what is longer is cut.
        public var description: String
        public var targetURL: String?

        public init(_ context: String, _ state: State, description: String, targetURL: String? = nil) {
            self.context = context
            self.state = state
            self.description = description
            self.targetURL = targetURL
        }
    }

    /// Sets the status of a commit, unless the newest one of its context says so already.
    ///
    /// - Parameters:
    ///   - status: what is said.
    ///   - sha: the whole name of the commit.
    ///   - repository: where.
    ///   - context: where the traffic is recorded.
    /// - Returns: what became of it.
    /// - Throws: `ProviderFault`; `GH-0010` when the answer was lost and the status can't be found.
    public func set(
        _ status: CommitStatus, on sha: String, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Report {
        let found = try await newest(status, on: sha, in: repository, context)
        if let found, found.isSame { return .unchanged(id: found.id) }
        return .created(id: try await add(status, to: sha, in: repository, context))
    }

    /// Sets the status of a commit where the newest one of its context is pending or shows an address, and nowhere else.
    ///
    /// - Parameters:
    ///   - unsettled: what is said where it is pending.
    ///   - gone: what is said where it shows an address; in the same context; nil: then it stays.
    ///   - sha: the whole name of the commit.
    ///   - repository: where.
    ///   - context: where the traffic is recorded.
    /// - Returns: what became of it; nil where nothing is to be ended.
    /// - Throws: `ProviderFault`, as `set`.
    public func end(
        unsettled: CommitStatus, gone: CommitStatus?, on sha: String, in repository: RepositoryName,
        _ context: DriverContext
    ) async throws(ProviderFault) -> Report? {
        let seen = try await lookTwice { () async throws(ProviderFault) -> Newest? in
            try await newest(unsettled, on: sha, in: repository, context)
        }
        guard let found = seen else { return nil }
        guard let status = found.isPending ? unsettled : found.hasAddress ? gone : nil else { return nil }
        return .created(id: try await add(status, to: sha, in: repository, context))
    }

    /// The newest status of a commit in the context of another one, and what it says.
    private func newest(
        _ status: CommitStatus, on sha: String, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Newest? {
        // The newest come first, and the newest of a context counts.
        let found = try await first(
            repository.path + "/commits/\(sha.percentEncoded)/statuses", "statuses.list", Self.statusPermission,
            context,
            where: { view in view["context"].holds(status.context) },
            read: { view in
                let state = CommitStatus.State(rawValue: view["state"].string ?? "")
                let address = view["target_url"].string ?? ""
                let isSame =
                    state == status.state && (view["description"].string ?? "") == Self.short(status.description)
                    && address == (status.targetURL ?? "")
                return Newest(isSame: isSame, isPending: state == .pending, hasAddress: !address.isEmpty)
            })
        return found.map { found in
            var newest = found.value
            newest.id = found.id
            return newest
        }
    }

    private struct Newest {
        var id: Int64 = 0
        let isSame: Bool
        let isPending: Bool
        let hasAddress: Bool
    }

    private static let statusPermission = "Commit statuses: write"

    /// Sets the status of a commit, whatever the newest one says.
    private func add(
        _ status: CommitStatus, to sha: String, in repository: RepositoryName, _ context: DriverContext
    ) async throws(ProviderFault) -> Int64 {
        var body = Value.Object()
        body["state"] = .string(status.state.rawValue)
        body["context"] = .string(status.context)
        body["description"] = .string(Self.short(status.description))
        if let url = status.targetURL { body["target_url"] = .string(url) }
        let call = ProviderCall(
            "statuses.create", "POST", "\(repository.path)/statuses/\(sha.percentEncoded)",
            permission: Self.statusPermission)
        return try await create(call, body, context) { () throws(ProviderFault) in
            guard let found = try await newest(status, on: sha, in: repository, context), found.isSame else {
                return nil
            }
            return found.id
        }
    }

    /// Looks for what was there before: a list may be behind, and what two of them don't show is gone.
    private func lookTwice<Found>(
        _ look: () async throws(ProviderFault) -> Found?
    ) async throws(ProviderFault) -> Found? {
        if let found = try await look() { return found }
        do { try await time.sleep(for: .seconds(2)) } catch {}
        return try await look()
    }

    // MARK: One comment for each pull request

    /// The most characters that a comment may have.
    private static let commentLimit = 65_536

    /// Writes our comment on a pull request, or edits it where it is there: never somebody else's, never a second one.
    ///
    /// - Parameters:
    ///   - text: Markdown; what is longer than GitHub takes is cut.
    ///   - marker: tells our comment from others of ours: letters, digits and hyphens.
    ///   - number: the pull request's.
    ///   - repository: where.
    ///   - isThere: whether it was written before, so that a list without it may be an old one.
    ///   - context: where the traffic is recorded.
    /// - Returns: what became of it.
    /// - Throws: `ProviderFault`; `GH-0015` when GitHub doesn't tell who we are.
    public func comment(
        _ text: String, marker: String, onPull number: Int64, in repository: RepositoryName, isThere: Bool = false,
        _ context: DriverContext
    ) async throws(ProviderFault) -> Report {
        let sign = "<!-- odooops:\(marker.utf8.filter { $0 != 0x3E }.map { String(UnicodeScalar($0)) }.joined()) -->"
        let body = String(
            String.UnicodeScalarView("\(sign)\n\(text)".unicodeScalars.prefix(Self.commentLimit)))
        let login = try await whoWeAre(context)
        let path = "\(repository.path)/issues/\(number)/comments"
        let permission = "Pull requests: write"
        func look() async throws(ProviderFault) -> (id: Int64, value: String)? {
            try await first(
                path, "comments.list", permission, context,
                where: { view in
                    view["user"]["login"].string?.lowercased() == login.lowercased()
                        && view["body"].string?.hasPrefix(sign) == true
                }, read: { view in view["body"].string ?? "" })
        }
        let found: (id: Int64, value: String)?
        if isThere { found = try await lookTwice(look) } else { found = try await look() }
        if let found {
            // GitHub may write line ends in its own way.
            if found.value.filter({ $0 != "\r" }) == body { return .unchanged(id: found.id) }
            let call = ProviderCall(
                "comments.update", "PATCH",
                "\(repository.path)/issues/comments/\(found.id)", permission: permission)
            _ = try await api.send(call, body: .object(["body": .string(body)]), context)
            return .updated(id: found.id)
        }
        let call = ProviderCall("comments.create", "POST", path, permission: permission)
        let id = try await create(call, ["body": .string(body)], context) { () throws(ProviderFault) in
            try await look()?.id
        }
        return .created(id: id)
    }

    /// The login of the token's owner, asked once.
    private func whoWeAre(_ context: DriverContext) async throws(ProviderFault) -> String {
        if let login = identity.login.withLock({ $0 }) { return login }
        let call = ProviderCall("user.get", "GET", "/user", permission: "Metadata: read")
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(call, context)
        } catch {
            guard error.status == 403 || error.status == 404 else { throw error }
            throw GitHubDriver.names.fault(
                .identityUnknown, call, "GitHub doesn't tell who this token belongs to",
                hint: "name the app's login, such as `odooops[bot]`, as providers.github.login or in GITHUB_LOGIN",
                status: error.status,
                .stop)
        }
        let login = try answer.object { $0["login"].string }
        identity.login.withLock { $0 = login }
        return login
    }

    // MARK: What the calls share

    /// The first item of a list, read page after page, that a test holds for.
    func first<Found>(
        _ path: String, _ operation: String, _ permission: String, query: [(String, String)] = [],
        member: String? = nil, _ context: DriverContext, where isIt: (JSONView) -> Bool,
        read: (JSONView) -> Found
    ) async throws(ProviderFault) -> (id: Int64, value: Found)? {
        var address: String?
        for page in 1...100 {
            let call = ProviderCall(operation, "GET", path, permission: permission, page: page > 1 ? page : nil)
            let answer = try await api.send(
                call, to: address, query: address == nil ? [("per_page", "100")] + query : [], context)
            var found: (id: Int64, value: Found)?
            _ = try answer.list(member) { view -> Int64? in
                if found == nil, let id = view["id"].int, isIt(view) { found = (id, read(view)) }
                return view["id"].int
            }
            if let found { return found }
            guard let next = answer.nextLink else { return nil }
            address = next
        }
        return nil
    }

    /// Creates, and looks for it where the answer doesn't tell whether it is there.
    func create(
        _ call: ProviderCall, _ body: Value.Object, _ context: DriverContext,
        look: () async throws(ProviderFault) -> Int64?
    ) async throws(ProviderFault) -> Int64 {
        let answer: ProviderAnswer
        do throws(ProviderFault) {
            answer = try await api.send(call, body: .object(body), context)
        } catch {
            guard error.mayHaveHappened else { throw error }
            // Lists may lag behind a write for a moment.
            for pause in [1, 4, 10] {
                do { try await time.sleep(for: .seconds(pause)) } catch { break }
                if let id = try? await look() { return id }
            }
            throw error
        }
        guard answer.status != 202 else {
            throw GitHubDriver.names.fault(
                .mergedInstead, call, "GitHub merged the default branch into the ref instead of deploying it",
                hint: "deploy the new head of the branch", status: 202, .observeAgain)
        }
        return try answer.object { $0["id"].int }
    }
}

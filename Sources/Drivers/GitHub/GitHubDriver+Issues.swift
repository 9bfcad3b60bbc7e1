public import Basics
internal import Diff
public import Drivers
internal import Formats

extension GitHubDriver: IssueListing {
    private static let issuePageLimit = 200

    /// GitHub tells which repositories a token sees, not whose issues are of interest.
    public func issueProjects(_ context: DriverContext) async -> Result<[String]?, ProviderFault> { .success(nil) }

    /// Reads a repository's issues by the instant of their last change.
    ///
    /// Each request begins where the page before ended, so that an issue that is changed meanwhile pulls no other one
    /// over the edge of a page. Where more issues were changed in one second than a page holds, only GitHub's own pages
    /// lead on; then all from that second on is read again until nothing new comes. Pull requests, which GitHub lists
    /// among them, are left out.
    public func issues(in project: String, since: Timestamp?, _ context: DriverContext) async -> IssueList {
        guard let repository = RepositoryName(project) else {
            return IssueList(items: [], completeness: .unknown(reason: "\(project) is no name of a repository"))
        }
        var reading = IssueReading(begin: since ?? Timestamp(seconds: 0))
        for page in 1...Self.issuePageLimit {
            let call = ProviderCall(
                "issues.list", "GET", repository.path + "/issues", permission: "Issues: read",
                page: page > 1 ? page : nil)
            let query = [
                ("per_page", String(Self.pageSize)), ("state", "all"), ("sort", "updated"), ("direction", "asc"),
                ("since", Timestamp(seconds: reading.begin.seconds).description),
            ]
            do throws(ProviderFault) {
                let address = reading.address
                let answer = try await api.send(call, to: address, query: address == nil ? query : [], context)
                let issues = try answer.list(nil) { $0["number"].int == nil ? nil : $0 }
                if reading.take(issues, next: answer.nextLink, pageSize: Self.pageSize) {
                    return IssueList(items: reading.items, completeness: .complete)
                }
            } catch {
                let isEmpty = reading.items.isEmpty
                return IssueList(
                    items: reading.items,
                    completeness: isEmpty ? .unknown(reason: error.sentence) : .partial(reason: error.sentence))
            }
        }
        return IssueList(
            items: reading.items,
            completeness: .partial(reason: "only the first \(Self.issuePageLimit) pages were read"))
    }
}

/// How far a repository's issues have been read.
private struct IssueReading {
    private(set) var items: [Value] = []
    /// Where the next request begins, unless the provider's own link leads on.
    private(set) var begin: Timestamp
    private(set) var address: String?
    private var places: [Int64: Int] = [:]
    private var numbers: Set<Int64> = []
    /// The first second that no page held as a whole.
    private var crowd: Timestamp?
    /// How many were known when it was last read from there.
    private var known: Int?

    init(begin: Timestamp) { self.begin = begin }

    /// Takes a page; whether that was all.
    mutating func take(_ issues: [JSONView], next: String?, pageSize: Int) -> Bool {
        var last = begin
        for issue in issues {
            guard let number = issue["number"].int else { continue }
            numbers.insert(number)
            if let updated = issue["updated_at"].string.flatMap({ Timestamp($0) }) { last = max(last, updated) }
            if issue["pull_request"].exists { continue }
            // What comes again was changed since it came first.
            if let place = places[number] {
                items[place] = issue.value
            } else {
                places[number] = items.count
                items.append(issue.value)
            }
        }
        if issues.count >= pageSize, let next {
            if last > begin {
                (begin, address) = (last, nil)
            } else {
                crowd = crowd ?? begin
                address = next
            }
            return false
        }
        guard let crowd, known != numbers.count else { return true }
        known = numbers.count
        (begin, address) = (crowd, nil)
        return false
    }
}

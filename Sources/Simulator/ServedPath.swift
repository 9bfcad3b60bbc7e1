/// A path that the simulator serves, as orders of faults name it, and by which methods it is asked.
///
/// `*` stands for one part, `**` for what may have slashes in it: a key of an object, a branch, a label.
struct ServedPath: Sendable, Hashable {
    let methods: [String]
    let path: String

    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

    /// What the paths of each provider begin with.
    static let mounts = ["v2"] + SimulatedProviders.all.map { $0.name }

    /// Without empty ones.
    var parts: [String] { path.split(separator: "/").map { String($0) } }

    /// `digitalocean`, whose paths have no prefix, or the prefix.
    var provider: String {
        let first = parts.first ?? ""
        return first == "v2" ? "digitalocean" : first
    }

    /// Whether an order can name a request: a path and no form, in its parts.
    static func contains(_ method: String, _ parts: [Substring]) -> Bool {
        forms.contains { $0.methods.contains(method) && meets($0.parts[...], parts[...]) }
    }

    private static let forms = all.map { (methods: $0.methods, parts: $0.parts) }

    private static func meets(_ form: ArraySlice<String>, _ parts: ArraySlice<Substring>) -> Bool {
        guard let first = form.first else { return parts.isEmpty }
        guard let part = parts.first else { return false }
        let rest = form.dropFirst()
        if first == "**" { return (1...parts.count).contains { meets(rest, parts.dropFirst($0)) } }
        return (first == "*" || first == part) && meets(rest, parts.dropFirst())
    }

    /// Whether some path is of this form and answers to a glob.
    func meets(_ glob: String) -> Bool {
        let (a, b) = (Self.tokens(path), Self.tokens(glob))
        // What of both can still meet, from their ends on: each pair of rests is looked at once.
        var row = [Bool](repeating: false, count: b.count + 1)
        for i in stride(from: a.count, through: 0, by: -1) {
            var next = row
            for j in stride(from: b.count, through: 0, by: -1) {
                let (mine, other) = (i < a.count ? a[i] : nil, j < b.count ? b[j] : nil)
                next[j] =
                    switch (mine, other) {
                    case (nil, nil): true
                    case (.letter(let one)?, .letter(let two)?): one == two && row[j + 1]
                    case (.many(let crosses)?, let other):
                        row[j] || Self.takes(other, crosses) && next[j + 1]
                            || other.map { $0.isMany && next[j + 1] } ?? false
                    case (let mine, .many(let crosses)?): next[j + 1] || Self.takes(mine, crosses) && row[j]
                    default: false
                    }
            }
            row = next
        }
        return row[0]
    }

    private enum Token: Hashable {
        case letter(UInt8)
        case many(crosses: Bool)

        var isMany: Bool { if case .many = self { true } else { false } }
    }

    /// Whether a star takes the letter.
    private static func takes(_ token: Token?, _ crosses: Bool) -> Bool {
        if case .letter(let letter)? = token { crosses || letter != UInt8(ascii: "/") } else { false }
    }

    private static func tokens(_ glob: String) -> [Token] {
        var tokens: [Token] = []
        var rest = Array(glob.utf8)[...]
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "*") else {
                tokens.append(.letter(first))
                continue
            }
            let crosses = rest.first == first
            if crosses { rest = rest.dropFirst() }
            tokens.append(.many(crosses: crosses))
        }
        return tokens
    }

    /// Each line the methods and a path; tests hold what drivers ask against it.
    static let all: [ServedPath] = (digitalOcean + others).split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").map { String($0) }
        guard let path = words.last else { return nil }
        return ServedPath(methods: words.dropLast(), path: path)
    }

    private static let digitalOcean = """
        GET /v2/account
        GET POST /v2/account/keys
        GET PUT DELETE /v2/account/keys/*
        GET /v2/customers/my/balance
        GET POST DELETE /v2/droplets
        POST /v2/droplets/actions
        GET DELETE /v2/droplets/*
        GET POST /v2/droplets/*/actions
        GET /v2/droplets/*/actions/*
        GET /v2/droplets/*/firewalls
        GET /v2/droplets/*/backups
        GET /v2/droplets/*/snapshots
        GET /v2/actions
        GET /v2/actions/*
        GET POST /v2/tags
        GET DELETE /v2/tags/*
        POST DELETE /v2/tags/*/resources
        GET POST /v2/domains
        GET DELETE /v2/domains/*
        GET POST /v2/domains/*/records
        GET PATCH PUT DELETE /v2/domains/*/records/*
        GET POST /v2/firewalls
        GET PUT DELETE /v2/firewalls/*
        POST DELETE /v2/firewalls/*/droplets
        POST DELETE /v2/firewalls/*/tags
        POST DELETE /v2/firewalls/*/rules
        GET POST /v2/databases
        GET /v2/databases/options
        GET DELETE /v2/databases/*
        GET POST /v2/databases/*/dbs
        GET DELETE /v2/databases/*/dbs/*
        GET POST /v2/databases/*/users
        GET PUT DELETE /v2/databases/*/users/*
        POST /v2/databases/*/users/*/reset_auth
        GET POST /v2/databases/*/pools
        GET PUT DELETE /v2/databases/*/pools/*
        PUT /v2/databases/*/resize
        PUT /v2/databases/*/migrate
        PUT /v2/databases/*/upgrade
        PUT /v2/databases/*/maintenance
        GET PUT /v2/databases/*/firewall
        GET PATCH /v2/databases/*/config
        GET /v2/databases/*/ca
        GET /v2/databases/*/backups
        GET POST /v2/databases/*/replicas
        GET /v2/databases/*/events
        GET /v2/sizes
        GET /v2/regions
        GET /v2/images
        GET /v2/images/*
        GET POST /v2/vpcs
        GET PUT PATCH DELETE /v2/vpcs/*
        GET /v2/vpcs/*/members
        GET POST /v2/projects
        GET PUT PATCH DELETE /v2/projects/*
        GET POST /v2/projects/*/resources
        GET POST /v2/monitoring/alerts
        GET PUT DELETE /v2/monitoring/alerts/*
        GET POST /v2/volumes
        GET DELETE /v2/volumes/*
        POST /v2/volumes/*/actions
        GET POST /v2/volumes/*/snapshots
        GET /v2/snapshots
        GET DELETE /v2/snapshots/*
        GET POST /v2/spaces/keys
        GET PUT PATCH DELETE /v2/spaces/keys/*

        """

    private static let others = """
        GET /github/rate_limit
        GET /github/user
        GET PATCH /github/repos/*/*
        GET /github/repos/*/*/branches
        GET PUT DELETE /github/repos/*/*/branches/**/protection
        GET POST DELETE /github/repos/*/*/branches/**/protection/required_signatures
        GET /github/repos/*/*/tags
        GET /github/repos/*/*/pulls
        GET /github/repos/*/*/pulls/*
        GET /github/repos/*/*/environments
        GET POST /github/repos/*/*/labels
        GET PATCH DELETE /github/repos/*/*/labels/**
        GET POST /github/repos/*/*/hooks
        GET PATCH DELETE /github/repos/*/*/hooks/*
        PATCH /github/repos/*/*/hooks/*/config
        GET POST /github/repos/*/*/rulesets
        GET PUT DELETE /github/repos/*/*/rulesets/*
        GET /github/repos/*/*/actions/secrets
        GET /github/repos/*/*/actions/runs
        GET /github/repos/*/*/actions/runs/*
        GET /github/repos/*/*/actions/workflows/*/runs
        POST /github/repos/*/*/actions/workflows/*/dispatches
        POST /github/repos/*/*/statuses/**
        GET /github/repos/*/*/commits/**/statuses
        GET /github/repos/*/*/issues
        GET PATCH /github/repos/*/*/issues/*
        GET POST /github/repos/*/*/issues/*/comments
        GET PATCH /github/repos/*/*/issues/comments/*
        GET POST /github/repos/*/*/deployments
        GET POST /github/repos/*/*/deployments/*/statuses
        GET /mailgun/v4/domains
        GET /mailgun/v4/domains/*
        PUT /mailgun/v4/domains/*/verify
        GET POST /mailgun/v3/domains/*/webhooks
        GET PUT DELETE /mailgun/v3/domains/*/webhooks/*
        GET /mailgun/v3/*/events
        POST /mailgun/v3/*/messages
        GET /plane/api/v1/users/me/
        GET POST /plane/api/v1/workspaces/*/projects/
        GET PATCH DELETE /plane/api/v1/workspaces/*/projects/*/
        GET POST /plane/api/v1/workspaces/*/projects/*/labels/
        GET PATCH DELETE /plane/api/v1/workspaces/*/projects/*/labels/*/
        GET POST /plane/api/v1/workspaces/*/projects/*/modules/
        GET PATCH DELETE /plane/api/v1/workspaces/*/projects/*/modules/*/
        GET POST /plane/api/v1/workspaces/*/projects/*/states/
        GET PATCH DELETE /plane/api/v1/workspaces/*/projects/*/states/*/
        GET POST /plane/api/v1/workspaces/*/projects/*/work-items/
        GET PATCH DELETE /plane/api/v1/workspaces/*/projects/*/work-items/*/
        GET POST /slack/api/auth.test
        GET POST /slack/api/conversations.list
        GET POST /slack/api/conversations.history
        POST /slack/api/chat.postMessage
        POST /slack/api/chat.update
        GET /spaces
        GET HEAD PUT DELETE /spaces/**
        GET /supabase/v1/projects
        GET /supabase/v1/organizations/*/projects
        GET /supabase/v1/projects/*
        GET /supabase/v1/projects/*/health
        GET /supabase/v1/projects/*/functions
        PATCH /supabase/v1/projects/*/functions/*
        GET POST DELETE /supabase/v1/projects/*/secrets
        GET POST /supabase/v1/projects/*/branches
        GET /supabase/v1/projects/*/database/backups
        GET /supabase/v1/projects/*/network-restrictions
        GET /supabase/v1/projects/*/advisors/security
        GET /supabase/v1/projects/*/advisors/performance
        GET PATCH DELETE /supabase/v1/branches/*
        POST /supabase/v1/branches/*/restore
        GET /vercel/v2/user
        GET /vercel/v10/projects
        POST /vercel/v11/projects
        GET PATCH DELETE /vercel/v9/projects/*
        GET POST /vercel/v10/projects/*/env
        PATCH DELETE /vercel/v9/projects/*/env/*
        GET /vercel/v9/projects/*/domains
        POST /vercel/v10/projects/*/domains
        GET PATCH DELETE /vercel/v9/projects/*/domains/*
        POST /vercel/v9/projects/*/domains/*/verify
        POST /vercel/v10/projects/*/promote/*
        POST /vercel/v1/projects/*/rollback/*
        GET /vercel/v6/deployments
        GET /vercel/v7/deployments
        GET /vercel/v4/aliases
        """
}

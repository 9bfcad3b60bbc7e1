public import Basics
public import HTTPClient
public import Store

/// The budget of one credential, kept in the store for all processes that use it.
public struct StoreBudgetShare: BudgetShare {
    private let store: Store
    private let name: String
    private let time: any TimeSource

    /// - Parameters:
    ///   - store: where the processes meet.
    ///   - name: of the account, from `name(provider:credential:)`.
    ///   - time: the instants of the account's entries.
    public init(store: Store, name: String, time: any TimeSource) {
        self.store = store
        self.name = name
        self.time = time
    }

    /// What an account goes by: the provider, and a digest that tells credentials apart and gives none away.
    public static func name(provider: String, credential: Secret) -> String {
        // Keyed, so that the same token of two providers has two names, and long enough for no two to share one.
        let digest = credential.reveal { hmacSHA256(key: "odooops request budget \(provider)".utf8, $0.utf8) }
        return "\(provider) \(Hex.encode(Array(digest.prefix(16))))"
    }

    public func exchange(_ claim: BudgetClaim) async throws(HTTPFault) -> BudgetAllotment {
        let now = time.now
        let account = claim.scope.isEmpty ? name : "\(name) \(claim.scope)"
        do throws(StoreFault) {
            return try await store.changeBudget(of: account) { text in
                // An account that nobody can read is begun anew; the provider's own headers then correct it.
                var account = BudgetAccount(text) ?? BudgetAccount()
                var allotment = account.exchange(claim, now: now)
                allotment.account = account
                return (account.description, allotment)
            }
        } catch {
            throw HTTPFault(
                .notSent, code: "HTTP-0012", message: "\(error.code): \(error.message)", place: error.place,
                hint: error.hint)
        }
    }
}

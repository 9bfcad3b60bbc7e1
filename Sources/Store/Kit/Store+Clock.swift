import Basics

extension Store {
    /// So far may the clocks of a machine and of the store's server be apart, where leases last long enough for it.
    static let clockTolerance = Duration.seconds(10)

    /// How far this machine's clock is ahead of that of the store's server, or behind it where it is negative, as far as that is
    /// sure; nil where both are one.
    ///
    /// - Throws: `StoreFault`.
    public func clockLead() async throws(StoreFault) -> Duration? {
        guard comparesClocks else { return nil }
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Duration? in
            try clockLead(in: db)
        }
    }

    /// Makes sure that leases may be judged by this machine's clock.
    ///
    /// By a clock that is ahead the lease of a process at work would be over, and by one that is behind its own would be over for
    /// the others: two would be at the same work.
    ///
    /// - Parameter lasting: how long the leases last.
    /// - Throws: `StoreFault` of kind `wrongClock` where the store's server has another time.
    public func confirmClock(lasting: Duration) async throws(StoreFault) {
        guard comparesClocks else { return }
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Void in
            try confirmClock(lasting: lasting, in: db)
        }
    }

    /// The same, in the transaction that is about to take or renew them.
    func confirmClock(lasting: Duration, in db: any SQLConnection) throws(StoreFault) {
        guard comparesClocks, let lead = try clockLead(in: db) else { return }
        let bound = min(Self.clockTolerance, lasting / 3)
        guard lead > bound || lead < .zero - bound else { return }
        throw .wrongClock(lead, place: place)
    }

    private func clockLead(in db: any SQLConnection) throws(StoreFault) -> Duration? {
        let (now, asked) = (time.now, time.uptime)
        guard let server = try db.serverClock() else { return nil }
        // The server looked at its clock at some instant between the question and the answer.
        let half = (time.uptime - asked) / 2
        let lead = now + half - server
        if lead > half { return lead - half }
        return lead < .zero - half ? lead + half : .zero
    }
}

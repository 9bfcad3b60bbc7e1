import Basics

/// Who runs what is due by the clock, and how: `schedules` of the configuration.
public struct ScheduleSettings: Sendable, Hashable {
    /// What a runner of the SSOT is.
    public enum Runner: Sendable, Hashable {
        /// A workflow of a GitHub repository; the file may be named by each job.
        case workflow(repository: String, file: String?, ref: String)
        /// A program of this machine, without a shell, and the variables of the service that it gets.
        case command([String], variables: [String])
        /// A pass of this service.
        case pass
    }

    /// What becomes of times at which nobody was there.
    public enum Missed: String, Sendable, Hashable, CaseIterable {
        /// They are left out.
        case skip
        /// The last one runs.
        case once
        /// Each runs, as far as the deadline allows.
        case all
    }

    /// What differs for one job from what holds for all.
    public struct Terms: Sendable, Hashable {
        public var timeZone = "UTC"
        public var missed = Missed.once
        /// Older times are left out, whatever `missed` says.
        public var deadline = Duration.hours(24)
        public var timeLimit = Duration.hours(1)
        public var retries = 0
        public var disableAfter = 3
        /// The file of the workflow, where the runner is one.
        public var workflow: String?
        /// Wins over the runner that the SSOT names.
        public var runner: String?

        public init() {}
    }

    public var runners: [String: Runner] = [:]
    public var all = Terms()
    public var jobs: [String: Terms] = [:]

    public init() {}

    func terms(of id: String) -> Terms { jobs[id] ?? all }
}

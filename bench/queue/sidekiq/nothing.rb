# A job that does nothing but count.
require "sidekiq"

# Debian's redis-rb is newer than its Sidekiq, and would warn of each call.
Redis.silence_deprecations = true

class Nothing
  include Sidekiq::Job

  @done = 0
  @lock = Mutex.new

  class << self
    attr_reader :done

    def count
      @lock.synchronize { @done += 1 }
    end
  end

  def perform(_number, _text)
    self.class.count
  end
end

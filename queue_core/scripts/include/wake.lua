-- Tells the workers that listen of a queue with something to run; not where publishing is switched off.
local function wake(activity, queue, publish)
    if publish == '1' then
        redis.call('PUBLISH', activity, queue)
    end
end
